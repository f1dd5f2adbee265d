/** "1 row", "1,204 rows": a count and what is counted, `one` in the singular. */
export const counted = (count: number, one: string): string =>
  `${Math.round(count).toLocaleString("en")} ${count === 1 ? one : `${one}s`}`;
