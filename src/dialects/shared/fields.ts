import * as z from 'zod';
import { type Command, command } from '../../directory/commands/command.ts';

/** A field of an input of a dialect: what it must be, and what the directory calls it. */
interface Field {
  /** Makes the schema of what it must be, and of what the directory is given for it. */
  schema: () => z.ZodType;
  /** The field of the directory's input that it is, where that has another name. */
  to?: string;
}

/** The fields of an input of a dialect, by the names that they have there. */
export type Fields = Readonly<Record<string, Field>>;

/** The fields of an input of a dialect in GraphQL, each with how its schema declares it. */
export type GraphQLFields<Builder> = Readonly<Record<string, Field & { type(t: Builder): unknown }>>;

/** Returns the fields as the builder of the dialect's schema has declared them. */
export const declared = <Builder, const F extends GraphQLFields<Builder>>(t: Builder, fields: F) =>
  Object.fromEntries(Object.entries(fields).map(([name, { type }]) => [name, type(t)])) as {
    [Name in keyof F]: ReturnType<F[Name]['type']>;
  };

/** Returns the shape of an input that has these fields, perhaps among others. */
export const shapeOf = <F extends Fields>(fields: F) =>
  Object.fromEntries(Object.entries(fields).map(([name, { schema }]) => [name, schema()])) as {
    [Name in keyof F]: ReturnType<F[Name]['schema']>;
  };

/** Values of these fields, by the names that the directory has for them. */
type Renamed<F extends Fields> = {
  [Name in keyof F as F[Name] extends { to: infer To extends string } ? To : Name]: z.output<
    ReturnType<F[Name]['schema']>
  >;
};

/** Returns what an input comes to that has these fields, by the names that the directory has for them. */
export const renamed = <F extends Fields>(fields: F, values: { [Name in keyof F]?: unknown }) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [fields[name]?.to ?? name, value])) as Renamed<F>;

/** Returns the schema that reads an input of these fields, and answers it with the names that the directory has for them. */
export const given = <F extends Fields>(fields: F): z.ZodType<Renamed<F>> =>
  z.object(shapeOf(fields)).transform((values) => renamed(fields, values));

/**
 * Returns the name of the field that the directory means by a path into its own input. It is the path itself, where that comes
 * from no field that the directory calls something else.
 */
export function pathGiven(fields: Fields, path: string): string {
  const [top] = path.split('.');
  const [name = path] = Object.entries(fields).find(([, { to }]) => to === top) ?? [];
  return name;
}

/**
 * Returns a command of the directory with another schema in front of its own, for an input that is only spelled differently.
 * The order of permission, input and rule stays.
 */
export const spelled = <Result, Answer, Output, Input>(
  original: Command<Result, Answer, z.ZodType<Output, Input>>,
  input: () => z.ZodType<NoInfer<Input>>,
): Command<Result, Answer, z.ZodType<Output>> => command({ ...original, input: () => input().pipe(original.input()) });
