/** The column that a broken UNIQUE index is about, such as `customer.email_key`; null for any other failure. */
export function violatedUniqueColumn(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const match = /UNIQUE constraint failed: (\w+\.\w+)/.exec(error.message);
  return match?.[1] ?? null;
}
