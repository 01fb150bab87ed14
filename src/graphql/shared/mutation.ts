import type { Command } from '../../directory/commands/command.ts';

export const capitalized = (name: string) => `${name.charAt(0).toUpperCase()}${name.slice(1)}`;

export const uncapitalized = (name: string) => `${name.charAt(0).toLowerCase()}${name.slice(1)}`;

/** What a field that runs a command says of it: what it does, and the permissions that it needs. */
export function needing({ permissions }: Pick<Command, 'permissions'>, description: string): string {
  const needed = permissions.map((permission) => `\`${permission}\``).join(', ');
  return needed === '' ? description : `${description} Needs ${needed}.`;
}

type Described = Pick<Command, 'name' | 'errors' | 'permissions'>;

/** What every mutation field takes from the command that it runs: its errors, its union and its permissions. */
export function commandField({ name, errors, permissions }: Described, description: string) {
  return {
    nullable: false as const,
    description: needing({ permissions }, description),
    errors: {
      types: [...errors],
      union: {
        name: `${capitalized(name)}Result`,
        description: `What \`${name}\` answers: its payload, or why nothing was changed.`,
      },
    },
  };
}
