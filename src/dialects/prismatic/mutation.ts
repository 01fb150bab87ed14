import type { Command } from '../../directory/command.ts';

/** What every mutation field takes from the command that it runs: its permissions. */
export function mutationField({ permissions }: Pick<Command, 'permissions'>, description: string) {
  const needed = permissions.map((permission) => `\`${permission}\``).join(', ');
  return { nullable: false as const, description: `${description} Needs ${needed}.` };
}
