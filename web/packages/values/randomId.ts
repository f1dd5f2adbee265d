/** 32 hexadecimal digits. Not crypto.randomUUID(): pages that came over plain HTTP have none. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
