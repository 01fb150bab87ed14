import type { Command } from '../../directory/commands/command.ts';

/** Returns a name with its first letter in upper case, as GraphQL types are named after fields. */
export const capitalized = (name: string) => `${name.charAt(0).toUpperCase()}${name.slice(1)}`;

/** Returns a name with its first letter in lower case, as fields are named after GraphQL types. */
export const uncapitalized = (name: string) => `${name.charAt(0).toLowerCase()}${name.slice(1)}`;

/**
 * Returns a description that ends with the permissions that a command needs, so that no API can say others. It is
 * unchanged for a command that needs none.
 */
export function needing({ permissions }: Pick<Command, 'permissions'>, description: string): string {
  const needed = permissions.map((permission) => `\`${permission}\``).join(', ');
  return needed === '' ? description : `${description} Needs ${needed}.`;
}

type Described = Pick<Command, 'name' | 'errors' | 'permissions'>;

/**
 * Returns the options that every mutation field takes from the command that it runs: its description with permissions,
 * its errors, and the union of its result.
 */
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
