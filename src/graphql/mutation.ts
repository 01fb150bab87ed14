import type { Command } from '../directory/command.ts';

const capitalized = (name: string) => `${name.charAt(0).toUpperCase()}${name.slice(1)}`;

type Described = Pick<Command, 'name' | 'errors' | 'permissions'>;

/** What every mutation field takes from the command that it runs: its errors, its union and its permissions. */
export function commandField({ name, errors, permissions }: Described, description: string) {
  const needed = permissions.map((permission) => `\`${permission}\``).join(', ');
  return {
    nullable: false as const,
    description: needed === '' ? description : `${description} Needs ${needed}.`,
    errors: {
      types: [...errors],
      union: {
        name: `${capitalized(name)}Result`,
        description: `What \`${name}\` answers: its payload, or why nothing was changed.`,
      },
    },
  };
}
