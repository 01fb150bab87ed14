import type { ImportRules } from '../../src/directory/imports/rules.ts';

const modules = import.meta.glob<Record<string, unknown>>('../../src/directory/**/*.ts', { eager: true });

/** What every command says of itself, an import among them. */
type Rules = ImportRules;

const isCommand = (value: unknown): value is Rules =>
  typeof value === 'object' && value !== null && 'reaches' in value && ('plan' in value || 'decideNew' in value);

const ALL: readonly Rules[] = Object.values(modules).flatMap((module) => Object.values(module).filter(isCommand));

/** Commands that a dialect has and /graphql has not: they are walked with the operations of that dialect. */
export const OF_DIALECTS = [
  'createWebhookTarget',
  'updateWebhookTarget',
  'deleteWebhookTarget',
  'regenerateWorkspaceHmac',
];

/** Every other command of the directory, found by its shape, so that a new one is walked without anyone adding it here. */
export const COMMANDS: readonly Rules[] = ALL.filter(({ name }) => !OF_DIALECTS.includes(name));
