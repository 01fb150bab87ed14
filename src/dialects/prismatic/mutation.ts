import type { Command } from '../../directory/commands/command.ts';
import { mutationOptions } from '../../graphql/shared/mutation.ts';

/** What every mutation field takes from the command that it runs: its permissions. */
export const mutationField = (command: Pick<Command, 'permissions'>, description: string) => ({
  nullable: false as const,
  ...mutationOptions(command, description),
});
