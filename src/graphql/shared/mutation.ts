import type { Command } from '../../directory/commands/command.ts';
import { MUTATION, type Price, price } from './prices.ts';

/** Returns a name with its first letter in upper case, as GraphQL types are named after fields. */
export const capitalized = (name: string) => `${name.charAt(0).toUpperCase()}${name.slice(1)}`;

/** Returns a name with its first letter in lower case, as fields are named after GraphQL types. */
export const uncapitalized = (name: string) => `${name.charAt(0).toLowerCase()}${name.slice(1)}`;

/**
 * Returns a description that ends with the permissions that a command needs, so that no API can say others. It is
 * unchanged for a command that needs none.
 */
function needing({ permissions }: Pick<Command, 'permissions'>, description: string): string {
  const needed = permissions.map((permission) => `\`${permission}\``).join(', ');
  return needed === '' ? description : `${description} Needs ${needed}.`;
}

/** Returns what the field of a mutation takes from its command in every API: the permissions that it needs, and its price. */
export const mutationOptions = (command: Pick<Command, 'permissions'>, description: string, of: Price = MUTATION) => ({
  description: needing(command, description),
  ...price(of),
});

type Described = Pick<Command, 'name' | 'errors' | 'permissions'>;

/**
 * Returns the options that every mutation field takes from the command that it runs: its description with permissions,
 * its errors, the union of its result, and its price.
 */
export function commandField({ name, errors, permissions }: Described, description: string, of: Price = MUTATION) {
  return {
    // A mutation that fails must not take along what is told of the others.
    nullable: true as const,
    ...mutationOptions({ permissions }, description, of),
    errors: {
      types: [...errors],
      union: {
        name: `${capitalized(name)}Result`,
        description: `What \`${name}\` answers: its payload, or why nothing was changed.`,
      },
    },
  };
}
