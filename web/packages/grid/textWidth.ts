/** How wide a text may be at most, without asking the browser to lay it out: sums of what its characters take. */

/** Neighbours may stand further apart than alone, a font may be hinted. */
const SLACK = 1.04;
const FIRST = 32;
const END = 127;

export class TextWidth {
  private readonly widths = new Float32Array(END - FIRST);

  constructor(font: string) {
    const context = document.createElement("canvas").getContext("2d");
    if (!context) this.widths.fill(Infinity);
    else {
      context.font = font;
      for (let code = FIRST; code < END; ++code) {
        this.widths[code - FIRST] = context.measureText(String.fromCharCode(code)).width * SLACK;
      }
    }
  }

  /** Whether a text is sure to fit; nothing is sure of characters beyond ASCII. */
  fits(text: string, width: number): boolean {
    let sum = 0;
    for (let i = 0; i < text.length; ++i) {
      sum += this.widths[text.charCodeAt(i) - FIRST] ?? Infinity;
      if (sum > width) return false;
    }
    return true;
  }
}
