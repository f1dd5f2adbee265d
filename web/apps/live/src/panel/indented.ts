/** JSON text with line breaks, its numbers untouched: parsing them would round what is beyond 2^53. */
export function indented(json: string): string {
  let depth = 0;
  const parts = json.match(/"(?:[^"\\]|\\.)*"|[[\]{}:,]|[^"[\]{}:,]+/g) ?? [];
  const line = (): string => `\n${"  ".repeat(depth)}`;
  const out: string[] = [];
  parts.forEach((part, i) => {
    const last = parts[i - 1];
    if (part === "{" || part === "[") {
      depth += 1;
      out.push(part, parts[i + 1] === (part === "{" ? "}" : "]") ? "" : line());
    } else if (part === "}" || part === "]") {
      depth -= 1;
      out.push(last === "{" || last === "[" ? "" : line(), part);
    } else out.push(part === "," ? `,${line()}` : part === ":" ? ": " : part);
  });
  return out.join("");
}
