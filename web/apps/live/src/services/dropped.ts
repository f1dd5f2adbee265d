/** Files that were dropped on a page and wait for that of their collection. */
import { create } from "zustand";

interface Dropped {
  collection: string | null;
  files: readonly File[];
  bring(collection: string, files: readonly File[]): void;
  /** Those of a collection, once. */
  take(collection: string): readonly File[];
}

export const useDropped = create<Dropped>()((set, get) => ({
  collection: null,
  files: [],
  bring: (collection, files) => set({ collection, files }),
  take: (collection) => {
    const { collection: whose, files } = get();
    if (whose !== collection || files.length === 0) return [];
    set({ collection: null, files: [] });
    return files;
  },
}));

const NAME_CHARACTERS_MAX = 60;

/** "Orders 2024.ndjson.gz" is Orders_2024; a name that is taken gets a number. */
export function collectionNameOf(file: string, taken: readonly string[]): string {
  const stem = file.replace(/(?:\.(?:gz|zst))?$/i, "").replace(/\.[^.]*$/, "");
  const plain = stem
    .normalize("NFD")
    .replaceAll(/\p{M}/gu, "")
    .replaceAll(/[^A-Za-z0-9_]+/g, "_")
    .replaceAll(/^_+|_+$/g, "")
    .slice(0, NAME_CHARACTERS_MAX);
  const name = plain === "" ? "records" : /^\d/.test(plain) ? `_${plain}` : plain;
  const isTaken = (each: string): boolean => taken.some((other) => other.toLowerCase() === each.toLowerCase());
  let free = name;
  for (let number = 2; isTaken(free); ++number) free = `${name}_${number}`;
  return free;
}
