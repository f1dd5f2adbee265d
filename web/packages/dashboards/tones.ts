/** Tones of a dimension's values: the same in all tiles, and the same whichever filter leaves only some of them. */
import { TONES } from "@canvasback/charts/shape";

export class Tones {
  private readonly known = new Map<string, Map<string | null, number>>();

  /** Of values that one chart shows, no two of the first eight alike. A value keeps the tone that it had first. */
  of(dimension: string, keys: readonly (string | null)[]): number[] {
    const known = this.known.get(dimension) ?? new Map<string | null, number>();
    this.known.set(dimension, known);
    const taken = new Set(keys.flatMap((key) => known.get(key) ?? []));
    const given = new Set<number>();
    return keys.map((key) => {
      let tone = known.get(key);
      if (tone === undefined || given.has(tone)) {
        const all = Array.from({ length: TONES }, (_, each) => each);
        tone = all.find((each) => !taken.has(each) && !given.has(each)) ?? TONES;
        if (!known.has(key) && tone < TONES) known.set(key, tone);
      }
      if (tone < TONES) given.add(tone);
      return tone;
    });
  }
}
