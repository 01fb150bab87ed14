/**
 * Returns the form of a text that is stored and compared in its place: trimmed, normalized, in lower case. By it e-mail
 * addresses and external ids are found and kept unique without case, and names are sorted. Shown is what was given.
 */
export function comparable(text: string): string {
  return text.trim().normalize('NFKC').toLowerCase();
}
