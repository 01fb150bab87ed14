/** Returns the first column of a violated UNIQUE index, such as `customer.email_key`; null for any other error. */
export function violatedUniqueColumn(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const match = /UNIQUE constraint failed: (\w+\.\w+)/.exec(error.message);
  return match?.[1] ?? null;
}
