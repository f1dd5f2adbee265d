/**
 * The Markdown of text tiles: headings, paragraphs, lists, code, emphasis, links. Made into elements, never into HTML,
 * so that no text of a file is code of the page.
 */
import { Fragment, type ReactNode } from "react";

const INLINE = /(`[^`\n]+`)|(\*\*[^*\n]+\*\*)|(\*[^*\n]+\*|\b_[^_\n]+_\b)|\[([^\]\n]+)\]\(([^)\s]+)\)/;

/** Addresses of pages; nothing that runs. */
const isLink = (address: string): boolean => /^(https?:\/\/|mailto:|\/(?!\/)|#)/i.test(address);

function inline(text: string): ReactNode[] {
  const parts: ReactNode[] = [];
  let rest = text;
  for (let at = 0; rest !== ""; ++at) {
    const found = INLINE.exec(rest);
    if (!found) {
      parts.push(rest);
      break;
    }
    if (found.index > 0) parts.push(rest.slice(0, found.index));
    const [whole, code, strong, emphasis, words, address = ""] = found;
    if (code) parts.push(<code key={at}>{code.slice(1, -1)}</code>);
    else if (strong) parts.push(<strong key={at}>{inline(strong.slice(2, -2))}</strong>);
    else if (emphasis) parts.push(<em key={at}>{inline(emphasis.slice(1, -1))}</em>);
    else if (isLink(address))
      parts.push(
        <a key={at} href={address} rel="noreferrer">
          {inline(words ?? "")}
        </a>,
      );
    else parts.push(whole);
    rest = rest.slice(found.index + whole.length);
  }
  return parts;
}

function block(lines: readonly string[]): ReactNode {
  const [first = ""] = lines;
  const heading = /^(#{1,4})\s+(.*)$/.exec(first);
  if (heading && lines.length === 1) return <h3>{inline(heading[2] ?? "")}</h3>;
  const items = (bullet: RegExp): ReactNode[] =>
    lines.map((line, at) => <li key={at}>{inline(line.replace(bullet, ""))}</li>);
  if (lines.every((line) => /^\s*[-*]\s+/.test(line))) return <ul>{items(/^\s*[-*]\s+/)}</ul>;
  if (lines.every((line) => /^\s*\d+[.)]\s+/.test(line))) return <ol>{items(/^\s*\d+[.)]\s+/)}</ol>;
  return <p>{inline(lines.join("\n"))}</p>;
}

/** Blocks are parted by empty lines; a heading is a block, a list one that its lines make. */
export function blocksOf(text: string): string[][] {
  const blocks: string[][] = [];
  let open: string[] = [];
  const close = (): void => {
    if (open.length > 0) blocks.push(open);
    open = [];
  };
  for (const line of text.split(/\r?\n/)) {
    const isBullet = /^\s*([-*]|\d+[.)])\s+/.test(line);
    const wasBullet = /^\s*([-*]|\d+[.)])\s+/.test(open[0] ?? "");
    if (line.trim() === "") close();
    else if (/^#{1,4}\s/.test(line)) {
      close();
      blocks.push([line.trim()]);
    } else {
      if (open.length > 0 && isBullet !== wasBullet) close();
      open.push(line);
    }
  }
  close();
  return blocks;
}

export function Markdown({ text }: { text: string }) {
  return (
    <div className="dash-text">
      {blocksOf(text).map((lines, at) => (
        <Fragment key={at}>{block(lines)}</Fragment>
      ))}
    </div>
  );
}
