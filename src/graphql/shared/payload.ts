import { shown } from '../../directory/kernel/repetition-errors.ts';

/**
 * Returns the options of a payload's field that has the record which the command left under this name. It is null, with an
 * error, where the record cannot be shown.
 */
export const recordLeft = <Name extends string>(name: Name) => ({
  nullable: true as const,
  resolve: <Row>(result: Record<Name, Row | null>): Row => shown<Row>(result[name]),
});
