// The picture: contours or a curve, the paths on it, where each run is, and its coming step.

import { gridOf, levelsOf, lineAt, shadingOf } from "./contours.js";
import { DASHES, filled, label, markPath, n, palette, sizeOf, svg, ticksBetween } from "./drawing.js";
import { quickly } from "./numbers.js";

/** @typedef {import("./contours.js").View} View @typedef {import("./experiment.js").Made} Made */

/** How far a view goes along a coordinate to hold the runs, as far as they descend from the start: in whole strides, so that
 * it does not tremble while a slider is moved. @param {any} place @param {Made[]} runs @param {number} j @param {number} from @param {number} stride */
function reached(place, runs, j, from, stride) {
  let low = from, high = from;
  for (const { points, values, run } of runs)
    for (let k = 0; k <= run.nit; k++) {
      const v = points[k * place.dim + j];
      if (values[k] <= values[0] && Math.abs(v - from) <= 200 * stride) [low, high] = [Math.min(low, v), Math.max(high, v)];
    }
  const margin = 0.1 * (high - low);
  return [from - Math.ceil((from - low + margin) / stride) * stride, from + Math.ceil((high + margin - from) / stride) * stride];
}

/** What a picture shows, from the landscape and the start, and where it has no domain from the runs; each zoom makes it a quarter
 * smaller or larger.
 * @param {any} place @param {number[]} x0 @param {number} width @param {number} height @param {number} zoom @param {Made[]} [runs] @returns {View} */
export function viewOf(place, x0, width, height, zoom, runs = []) {
  const d = place.dim, low = [], high = [];
  for (let j = 0; j < d; j++) {
    const centers = (place.minimizers ?? []).map((/** @type {number[]} */ m) => m[j]);
    const points = [x0[j], ...centers, ...(place.domain ? [place.domain[0][j], place.domain[1][j]] : [])];
    const reach = Math.max(...points) - Math.min(...points) || 2 * Math.max(Math.abs(x0[j]), 1);
    const margin = place.domain ? 0.04 * reach : 0.25 * reach;
    low.push(Math.min(...points) - margin - (points.length === 1 ? reach / 2 : 0));
    high.push(Math.max(...points) + margin + (points.length === 1 ? reach / 2 : 0));
    if (place.domain) continue;
    const [left, right] = reached(place, runs, j, x0[j], reach / 4);
    [low[j], high[j]] = [Math.min(low[j], left), Math.max(high[j], right)];
  }
  const scale = 0.8 ** zoom;
  for (let j = 0; j < d; j++) {
    const center = zoom > 0 ? x0[j] + (((low[j] + high[j]) / 2 - x0[j]) * 0.8 ** zoom) : (low[j] + high[j]) / 2;
    const half = ((high[j] - low[j]) / 2) * scale;
    [low[j], high[j]] = [center - half, center + half];
  }
  if (d === 1) return { x: [low[0], high[0]], y: [0, 1], width, height };
  // A unit is equally long both ways, so that steps are seen perpendicular to contours.
  const unit = Math.max((high[0] - low[0]) / width, (high[1] - low[1]) / height);
  const narrow = Math.min((high[0] - low[0]) / width, (high[1] - low[1]) / height);
  if (unit / narrow <= 6)
    for (const [j, size] of [[0, width], [1, height]]) {
      const extra = (unit * size - (high[j] - low[j])) / 2;
      low[j] -= extra;
      high[j] += extra;
    }
  return { x: [low[0], high[0]], y: [low[1], high[1]], width, height };
}

/** @param {View} view @returns {[(x: number) => number, (y: number) => number]} */
export const scalesOf = (view) => [
  (x) => ((x - view.x[0]) / (view.x[1] - view.x[0])) * view.width,
  (y) => view.height - ((y - view.y[0]) / (view.y[1] - view.y[0])) * view.height,
];

const backgrounds = new Map();

/** The landscape behind the paths, drawn once for a view. @param {any} place @param {View} view @param {ReturnType<typeof palette>} colors */
function background(place, view, colors) {
  const key = JSON.stringify([place.name, view, colors.dark]);
  if (!backgrounds.has(key)) {
    if (backgrounds.size > 8) backgrounds.delete(backgrounds.keys().next().value);
    backgrounds.set(key, place.dim === 1 ? curve(place, view) : plane(place, view, colors));
  }
  return backgrounds.get(key);
}

/** @param {any} place @param {View} view @param {ReturnType<typeof palette>} colors */
function plane(place, view, colors) {
  const columns = place.data.A ? 44 : 96, grid = gridOf((x) => place.value(x), view, columns);
  const shade = shadingOf(grid, colors.low, colors.high);
  const lines = levelsOf(grid, 16).map((level) => lineAt(grid, level)).join("");
  return { grid, view, shade, lines };
}

/** Heights along a line of one coordinate, and the view that holds the interesting ones. @param {any} place @param {View} view */
function curve(place, view) {
  const count = 400, xs = Array.from({ length: count + 1 }, (_, i) => view.x[0] + ((view.x[1] - view.x[0]) * i) / count);
  const ys = quickly(() => xs.map((x) => place.value([x])));
  const good = ys.filter(Number.isFinite), low = Math.min(...good), high = Math.max(...good), margin = 0.08 * (high - low || 1);
  const tall = { ...view, y: /** @type {[number, number]} */ ([low - margin, high + margin]) }, [sx, sy] = scalesOf(tall);
  return { grid: null, view: tall, shade: "", lines: `M${xs.map((x, i) => `${n(sx(x))} ${n(sy(ys[i]))}`).join("L")}` };
}

/** @param {string} word @param {number} x @param {number} y @param {ReturnType<typeof palette>} colors @param {Record<string, string | number>} [more] */
const text = (word, x, y, colors, more = {}) =>
  svg("text", { x: n(x), y: n(y), fill: colors.soft, "font-size": n(colors.text), "font-family": "system-ui, sans-serif", ...more }, [word]);

/**
 * Draw a picture.
 * @param {SVGElement} into @param {any} place @param {{made: Made, index: number}[]} runs
 * @param {import("./state.js").State} state @param {string} [title] @param {Made[]} [all] runs that the view holds
 * @returns {View}
 */
export function drawPicture(into, place, runs, state, title = "", all = runs.map(({ made }) => made)) {
  const colors = palette(), [width, height] = sizeOf(into), wanted = viewOf(place, state.x0, width, height, state.view.zoom, all);
  const behind = background(place, wanted, colors), view = behind.view, [sx, sy] = scalesOf(view);
  into.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const parts = [svg("rect", { width, height, fill: colors.paper })];
  if (behind.shade) parts.push(svg("image", { href: behind.shade, width, height, preserveAspectRatio: "none" }));
  parts.push(svg("path", { d: behind.lines, fill: "none", stroke: place.dim === 1 ? colors.soft : colors.line, "stroke-width": place.dim === 1 ? 2.5 : 1 }));
  for (const center of place.minimizers ?? []) parts.push(minimizer(place, center, sx, sy, colors));
  parts.push(...axes(view, colors));
  for (const { made, index } of runs) parts.push(...pathOf(place, made, index, state, view, colors));
  for (const { made, index } of runs) parts.push(...placeOf(place, made, index, state, view, colors));
  if (title) parts.push(text(title, 12, view.height - 2.4 * colors.text, colors, { fill: colors.ink, "font-size": n(1.25 * colors.text), "font-weight": 700, stroke: colors.paper, "stroke-width": 3, "paint-order": "stroke" }));
  filled(into, parts);
  return view;
}

/** @param {any} place @param {number[]} center @param {(v: number) => number} sx @param {(v: number) => number} sy @param {ReturnType<typeof palette>} colors */
function minimizer(place, center, sx, sy, colors) {
  const x = sx(center[0]), y = sy(place.dim === 1 ? place.value(center) : center[1]);
  return svg("path", { d: `M${n(x - 7)} ${n(y)}h14M${n(x)} ${n(y - 7)}v14`, stroke: colors.ink, "stroke-width": 2, fill: "none" });
}

/** @param {View} view @param {ReturnType<typeof palette>} colors */
function axes(view, colors) {
  const [sx, sy] = scalesOf(view), halo = { stroke: colors.paper, "stroke-width": 3, "paint-order": "stroke" };
  const across = ticksBetween(...view.x, view.width / 110).filter((v) => sx(v) > 24 && sx(v) < view.width - 24);
  const up = ticksBetween(...view.y, view.height / 90).filter((v) => sy(v) > 20 && sy(v) < view.height - 24);
  return [
    ...across.map((v) => text(label(v), sx(v), view.height - 8, colors, { "text-anchor": "middle", ...halo })),
    ...up.map((v) => text(label(v), 6, sy(v) + 4, colors, halo)),
  ];
}

/** Where a run is after so many updates, in pixels. @param {any} place @param {Made} made @param {number} k @param {View} view */
function pixelsAt(place, made, k, view) {
  const [sx, sy] = scalesOf(view), d = place.dim;
  return [sx(made.points[k * d]), sy(d === 1 ? made.values[k] : made.points[k * d + 1])];
}

/** @param {number[]} p @param {View} view */
const near = ([x, y], view) => x > -view.width && x < 2 * view.width && y > -view.height && y < 2 * view.height;

/** The path: what was walked, and fainter what will be, as far as it stays in view.
 * @param {any} place @param {Made} made @param {number} index @param {any} state @param {View} view @param {any} colors */
function pathOf(place, made, index, state, view, colors) {
  const color = colors.runs[index], dash = DASHES[index], now = Math.min(state.at, made.run.nit), k = colors.text / 12;
  const line = (/** @type {number} */ from, /** @type {number} */ to) => {
    let path = "", out = false;
    for (let i = from; i <= to; i++) {
      const p = pixelsAt(place, made, i, view);
      if (out) break;
      out = !near(p, view);
      path += `${i === from ? "M" : "L"}${n(p[0])} ${n(p[1])}`;
    }
    return path;
  };
  const parts = [];
  const late = Math.min(made.run.nit, now + 400);
  if (now < late) parts.push(svg("path", { d: line(now, late), fill: "none", stroke: color, "stroke-width": n(1.2 * k), opacity: 0.25 }));
  const walked = line(0, now);
  parts.push(svg("path", { d: walked, fill: "none", stroke: colors.paper, "stroke-width": n(4.5 * k), opacity: 0.55, "stroke-linejoin": "round" }));
  parts.push(svg("path", { d: walked, fill: "none", stroke: color, "stroke-width": n(2.2 * k), "stroke-dasharray": dash || null, "stroke-linejoin": "round" }));
  if (now <= 150) {
    let dots = "";
    for (let i = 0; i < now; i++) {
      const p = pixelsAt(place, made, i, view);
      if (near(p, view)) dots += markPath(0, p[0], p[1], 2.4 * k);
    }
    parts.push(svg("path", { d: dots, fill: color }));
  }
  return parts;
}

/** The mark of a run, and the ghost of its coming step. @param {any} place @param {Made} made @param {number} index @param {any} state @param {View} view @param {any} colors */
function placeOf(place, made, index, state, view, colors) {
  const now = Math.min(state.at, made.run.nit), here = pixelsAt(place, made, now, view), color = colors.runs[index], k = colors.text / 12;
  const parts = [];
  if (state.view.ghost && now < made.run.nit && near(here, view)) {
    const next = pixelsAt(place, made, now + 1, view);
    if (near(next, view)) {
      parts.push(svg("path", { d: `M${n(here[0])} ${n(here[1])}L${n(next[0])} ${n(next[1])}`, stroke: color, "stroke-width": n(2 * k), "stroke-dasharray": "3 3", fill: "none" }));
      parts.push(svg("path", { d: markPath(index, next[0], next[1], 5.5 * k), fill: colors.paper, "fill-opacity": 0.75, stroke: color, "stroke-width": 1.6 }));
    }
  }
  if (near(here, view)) parts.push(svg("path", { d: markPath(index, here[0], here[1], 7 * k), fill: color, stroke: colors.paper, "stroke-width": 2 }));
  return parts;
}
