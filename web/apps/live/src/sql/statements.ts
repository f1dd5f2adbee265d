/** The statements of a text: separated by semicolons outside of texts, quoted names and comments. */

export interface Statement {
  sql: string;
  /** Where it starts in the whole text. */
  from: number;
}

interface Piece extends Statement {
  /** Behind its semicolon, or where the text ends. */
  end: number;
  /** Of spaces and comments alone. */
  isBlank: boolean;
}

// Texts ('', E'', $$ $$), quoted names and comments may lack their end while they are being written.
const TOKENS = new RegExp(
  [
    /\b[eE]'(?:[^'\\]|\\[\s\S]|'')*(?:'|$)/,
    /'(?:[^']|'')*(?:'|$)/,
    /"(?:[^"]|"")*(?:"|$)/,
    /\$([A-Za-z_]\w*)?\$[\s\S]*?(?:\$\1\$|$)/,
    /--[^\n]*/,
    /\/\*[\s\S]*?(?:\*\/|$)/,
    /;/,
    /[^\s]/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "g",
);

function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  let start = 0;
  let isBlank = true;
  const finish = (until: number, end: number): void => {
    const whole = text.slice(start, until);
    const from = start + (whole.length - whole.trimStart().length);
    pieces.push({ sql: whole.trim(), from, end, isBlank });
    start = end;
    isBlank = true;
  };
  for (const { 0: token, index } of text.matchAll(TOKENS)) {
    if (token === ";") finish(index, index + 1);
    else if (!token.startsWith("--") && !token.startsWith("/*")) isBlank = false;
  }
  finish(text.length, text.length);
  return pieces;
}

export const statementsIn = (text: string): Statement[] =>
  piecesOf(text).flatMap(({ sql, from, isBlank }) => (isBlank ? [] : [{ sql, from }]));

/** The one in which a place of the text is; behind its semicolon on the same line still that one. */
export function statementAt(text: string, place: number): Statement | null {
  const pieces = piecesOf(text).filter(({ isBlank }) => !isBlank);
  const found = pieces.find(({ end }) => place <= end || /^[^\S\n]*$/.test(text.slice(end, place))) ?? pieces.at(-1);
  return found ? { sql: found.sql, from: found.from } : null;
}
