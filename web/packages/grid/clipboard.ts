/**
 * The clipboard, also where browsers keep its interface from pages: those that came over plain HTTP from another
 * machine have the older copy command only, which must come soon after a key or a click.
 */

/** The text is there, but the browser wants another key or click before it takes it. */
export class NeedsGestureError extends Error {
  constructor() {
    super("The browser needs another key press; copy again");
    this.name = "NeedsGestureError";
  }
}

/** Resolves when the text is on the clipboard. Errors: those of the text, NeedsGestureError, the browser's refusal. */
export async function writeClipboard(text: string | Promise<string>): Promise<void> {
  if (typeof ClipboardItem !== "undefined" && navigator.clipboard) {
    // Asked for at once, while the key is still down; the text may come later.
    const made = Promise.resolve(text);
    const item = new ClipboardItem({ "text/plain": made.then((value) => blobOf(value)) });
    await Promise.all([navigator.clipboard.write([item]), made]);
    return;
  }
  // Not awaited where it is there already: the command must run within the event.
  if (!copyByCommand(typeof text === "string" ? text : await text)) throw new NeedsGestureError();
}

/** A reader of the blob takes a leading U+FEFF for a mark of the encoding: before the text's own goes one more. */
function blobOf(text: string): Blob {
  return new Blob([text.startsWith("\ufeff") ? `\ufeff${text}` : text], { type: "text/plain" });
}

function copyByCommand(text: string): boolean {
  let taken = false;
  const give = (event: ClipboardEvent): void => {
    event.clipboardData?.setData("text/plain", text);
    event.preventDefault();
    event.stopImmediatePropagation();
    taken = event.clipboardData !== null;
  };
  // The command needs something that is selected; what is copied is what the listener gives.
  const { activeElement } = document;
  const area = document.createElement("textarea");
  area.value = " ";
  area.setAttribute("aria-hidden", "true");
  area.style.position = "fixed";
  area.style.opacity = "0";
  document.body.append(area);
  document.addEventListener("copy", give, { capture: true });
  try {
    area.select();
    return document.execCommand("copy") && taken;
  } finally {
    document.removeEventListener("copy", give, { capture: true });
    area.remove();
    if (activeElement instanceof HTMLElement) activeElement.focus({ preventScroll: true });
  }
}
