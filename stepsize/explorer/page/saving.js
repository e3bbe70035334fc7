// Pictures for a slide: the contours or the curve, the panels and a legend, as SVG or PNG.

import { markPath, palette, svg, DASHES } from "./drawing.js";

const WIDTH = 1920, HEIGHT = 1080;

/** One drawing of 1920 by 1080 out of what the page shows. @param {SVGElement} picture @param {SVGElement} panels @param {string} title @param {string[]} names */
export function slideOf(picture, panels, title, names) {
  const colors = palette();
  const word = (/** @type {string} */ t, /** @type {number} */ x, /** @type {number} */ y, /** @type {number} */ size, weight = 400) =>
    svg("text", { x, y, fill: colors.ink, "font-size": size, "font-weight": weight, "font-family": "system-ui, sans-serif" }, [t]);
  const part = (/** @type {SVGElement} */ source, /** @type {number} */ x, /** @type {number} */ y, /** @type {number} */ width, /** @type {number} */ height) => {
    const copy = /** @type {SVGElement} */ (source.cloneNode(true));
    for (const name of [...copy.getAttributeNames()]) if (name !== "viewBox") copy.removeAttribute(name);
    for (const [name, value] of Object.entries({ x, y, width, height })) copy.setAttribute(name, String(value));
    return copy;
  };
  const legend = names.flatMap((name, i) => {
    const y = 130 + i * 40;
    return [
      svg("path", { d: `M1210 ${y}h70`, stroke: colors.runs[i], "stroke-width": 4, "stroke-dasharray": DASHES[i] || null }),
      svg("path", { d: markPath(i, 1245, y, 9), fill: colors.runs[i] }),
      word(name, 1300, y + 9, 28),
    ];
  });
  const top = 130 + names.length * 40;
  return svg("svg", { xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT }, [
    svg("rect", { width: WIDTH, height: HEIGHT, fill: colors.paper }),
    word(title, 40, 66, 40, 700),
    part(picture, 40, 100, 1130, 940),
    ...legend,
    part(panels, 1200, top, 690, 1040 - top),
  ]);
}

/** @param {string} name @param {Blob} blob */
function handOut(name, blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/** @param {SVGElement} slide */
const textOf = (slide) => new XMLSerializer().serializeToString(slide);

/** @param {SVGElement} slide */
export const saveSvg = (slide) => handOut("stepsize.svg", new Blob([textOf(slide)], { type: "image/svg+xml" }));

/** @param {SVGElement} slide */
export function savePng(slide) {
  const image = new Image();
  image.onload = () => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [WIDTH, HEIGHT];
    canvas.getContext("2d")?.drawImage(image, 0, 0);
    canvas.toBlob((blob) => blob && handOut("stepsize.png", blob));
  };
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(textOf(slide))}`;
}
