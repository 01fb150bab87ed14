import type { Rules } from '../../src/directory/commands/command.ts';

const modules = import.meta.glob<Record<string, unknown>>('../../src/directory/**/*.ts', { eager: true });

const isCommand = (value: unknown): value is Rules =>
  typeof value === 'object' && value !== null && 'reaches' in value && 'permissions' in value && 'input' in value;

/** Every command of the directory, found by its shape, so that a new one is walked without anyone adding it here. */
export const COMMANDS: readonly Rules[] = Object.values(modules).flatMap((module) =>
  Object.values(module).filter(isCommand),
);
