/**
 * Returns a whole number as descriptions write it, such as 10,000. `toLocaleString` would have V8 load what it knows of languages,
 * which took a tenth of all that is done until the first answer.
 */
export const withCommas = (number: number): string => String(number).replaceAll(/\B(?=(\d{3})+$)/g, ',');
