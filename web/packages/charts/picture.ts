/** A chart's SVG as a PNG: a copy that carries the styles it has on the page, drawn on a canvas. */

/** What style sheets give to the marks; everything else of them is in their attributes. */
const PROPERTIES = [
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-width",
  "stroke-dasharray",
  "stroke-opacity",
  "stroke-linejoin",
  "opacity",
  "font-family",
  "font-size",
  "font-weight",
  "font-variant-numeric",
  "text-anchor",
  "visibility",
] as const;

const SCALE = 2;
const MARGIN = 16;
const TITLE_HEIGHT = 28;

/** The picture as a document of its own. */
export function standalone(svg: SVGSVGElement): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const [from, to] = [
    [svg, ...svg.querySelectorAll("*")],
    [copy, ...copy.querySelectorAll("*")],
  ];
  from.forEach((element, at) => {
    const style = getComputedStyle(element);
    const target = to[at];
    target?.removeAttribute("class");
    target?.setAttribute("style", PROPERTIES.map((name) => `${name}:${style.getPropertyValue(name)}`).join(";"));
  });
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return new XMLSerializer().serializeToString(copy);
}

interface Words {
  title: string;
  /** Under the title: the period, filters. */
  subtitle: string;
}

interface Entry {
  name: string;
  colour: string;
  x: number;
  y: number;
}

const LINE = 18;

/** The legend beside the chart, laid out for a width: names and the tones that they have on the page. */
function legendOf(host: HTMLElement, context: CanvasRenderingContext2D, width: number): Entry[] {
  let [x, y] = [0, 0];
  return [...host.querySelectorAll<HTMLElement>(".chart-legend li")].map((item) => {
    const name = item.textContent ?? "";
    const swatch = item.querySelector("i");
    const size = context.measureText(name).width + 30;
    if (x > 0 && x + size > width) [x, y] = [0, y + LINE];
    const entry = { name, colour: swatch ? getComputedStyle(swatch).backgroundColor : "", x, y };
    x += size;
    return entry;
  });
}

function write(context: CanvasRenderingContext2D, style: CSSStyleDeclaration, { title, subtitle }: Words): void {
  context.fillStyle = style.color;
  context.font = `600 15px ${style.fontFamily}`;
  context.fillText(title, MARGIN, MARGIN + 12);
  context.globalAlpha = 0.7;
  context.font = `12px ${style.fontFamily}`;
  context.fillText(subtitle, MARGIN, MARGIN + 30);
  context.globalAlpha = 1;
}

function writeLegend(
  context: CanvasRenderingContext2D,
  entries: readonly Entry[],
  top: number,
  colour: string,
): void {
  for (const { name, colour: tone, x, y } of entries) {
    context.fillStyle = tone;
    context.fillRect(MARGIN + x, top + y + 2, 9, 9);
    context.fillStyle = colour;
    context.fillText(name, MARGIN + x + 15, top + y + 11);
  }
}

export async function pictureOf(svg: SVGSVGElement, words: Words): Promise<Blob> {
  const { width, height } = svg.getBoundingClientRect();
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(standalone(svg))}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  if (!context) throw new Error("This browser draws no pictures");
  const host = svg.closest<HTMLElement>(".chart") ?? document.body;
  const style = getComputedStyle(host);
  context.font = `12px ${style.fontFamily}`;
  const legend = legendOf(host, context, width);
  const legendTop = MARGIN + TITLE_HEIGHT + 10;
  const top = legendTop + (legend.length > 0 ? (legend.at(-1)?.y ?? 0) + LINE + 6 : 0);
  canvas.width = (width + 2 * MARGIN) * SCALE;
  canvas.height = (top + height + MARGIN) * SCALE;
  context.scale(SCALE, SCALE);
  context.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--cb-surface") || "#ffffff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  write(context, style, words);
  writeLegend(context, legend, legendTop, style.color);
  context.drawImage(image, MARGIN, top, width, height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The picture is too large"))), "image/png");
  });
}
