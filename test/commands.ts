import type { Command } from '../src/directory/command.ts';

const modules = import.meta.glob<Record<string, unknown>>('../src/directory/*.ts', { eager: true });

const isCommand = (value: unknown): value is Command =>
  typeof value === 'object' && value !== null && 'plan' in value && 'permissions' in value;

/** Every command of the directory, found by its shape, so that a new one is walked without anyone adding it here. */
export const COMMANDS: readonly Command[] = Object.values(modules).flatMap((module) =>
  Object.values(module).filter(isCommand),
);
