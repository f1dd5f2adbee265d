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

function write(context: CanvasRenderingContext2D, style: CSSStyleDeclaration, { title, subtitle }: Words): void {
  context.fillStyle = style.color;
  context.font = `600 15px ${style.fontFamily}`;
  context.fillText(title, MARGIN, MARGIN + 12);
  context.globalAlpha = 0.7;
  context.font = `12px ${style.fontFamily}`;
  context.fillText(subtitle, MARGIN, MARGIN + 30);
  context.globalAlpha = 1;
}

export async function pictureOf(svg: SVGSVGElement, words: Words): Promise<Blob> {
  const { width, height } = svg.getBoundingClientRect();
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(standalone(svg))}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  const top = MARGIN + TITLE_HEIGHT + 10;
  canvas.width = (width + 2 * MARGIN) * SCALE;
  canvas.height = (top + height + MARGIN) * SCALE;
  const context = canvas.getContext("2d");
  if (!context) throw new Error("This browser draws no pictures");
  context.scale(SCALE, SCALE);
  const host = svg.closest<HTMLElement>(".chart") ?? document.body;
  const style = getComputedStyle(host);
  context.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--cb-surface") || "#ffffff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  write(context, style, words);
  context.drawImage(image, MARGIN, top, width, height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The picture is too large"))), "image/png");
  });
}
