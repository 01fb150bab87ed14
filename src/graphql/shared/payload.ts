import { shown } from '../../directory/kernel/repetition-errors.ts';
import { RECORD_LEFT } from './ahead.ts';

/**
 * Returns the options of a payload's field that has the record which the command left under this name. It is null, with an
 * error, where the record cannot be shown.
 */
export const recordLeft = <Name extends string>(name: Name) => ({
  nullable: true as const,
  ...RECORD_LEFT,
  resolve: <Row>(result: Record<Name, Row | null>): Row => shown<Row>(result[name]),
});
