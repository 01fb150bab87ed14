import type { Command } from '../../directory/commands/command.ts';
import { mutationOptions } from '../../graphql/shared/mutation.ts';

/** Returns the options that every mutation field takes from its command: the permissions it needs, and its price. */
export const mutationField = (command: Pick<Command, 'permissions'>, description: string) => ({
  nullable: false as const,
  ...mutationOptions(command, description),
});
