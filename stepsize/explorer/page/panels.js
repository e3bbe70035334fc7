// Over the updates: gap, rate and overshoot, under one scrubber; and the line of the coming step.

import { DASHES, decade, decadesBetween, filled, label, n, palette, sizeOf, svg, ticksBetween } from "./drawing.js";
import { fixed } from "./printing.js";
import { TEXT } from "./words.js";
import { quickly } from "./numbers.js";

/** @typedef {import("./experiment.js").Made} Made */

const RIGHT = 10, MOST_POINTS = 700;

/** Where the axes begin: as far in as their numbers are wide. @param {{text: number}} colors */
const left = (colors) => Math.round(3.9 * colors.text);

/** @param {string} word @param {number} x @param {number} y @param {any} colors @param {Record<string, string | number>} [more] */
const text = (word, x, y, colors, more = {}) =>
  svg("text", { x: n(x), y: n(y), fill: colors.soft, "font-size": n(colors.text), "font-family": "system-ui, sans-serif", ...more }, [word]);

/** Where update k stands. @param {number} width @param {number} steps */
function across(width, steps) {
  const from = left(palette());
  return (/** @type {number} */ k) => from + (k / Math.max(steps, 1)) * (width - from - RIGHT);
}

/** The update at a place. @param {number} width @param {number} steps @param {number} x */
export function updateAt(width, steps, x) {
  const from = left(palette());
  return Math.min(Math.max(Math.round(((x - from) / (width - from - RIGHT)) * steps), 0), steps);
}

/**
 * Draw the three panels.
 * @param {SVGElement} into @param {Made[]} made @param {import("./state.js").State} state @param {number} steps
 */
export function drawPanels(into, made, state, steps) {
  const colors = palette(), [width, height] = sizeOf(into), sx = across(width, steps);
  into.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const strip = Math.min(Math.max(8, (height * 0.2) / Math.max(made.length, 1)), 18), strips = made.length * (strip + 3);
  const gap = 1.65 * colors.text, free = Math.max(height - strips - 3 * gap - 1.8 * colors.text, 0), tall = free * 0.62, low = free * 0.38;
  const parts = [svg("rect", { width, height, fill: colors.paper })];
  const errors = made.map((m) => errorsOf(m)), known = made.length === 0 || made[0].run.problem.minimum !== null;
  parts.push(...panel(known ? TEXT.gap : TEXT.gradient, gap, tall, errors, sx, width, colors, 0));
  parts.push(...panel(TEXT.rate, 2 * gap + tall, low, made.map((m) => m.run.rate), sx, width, colors, 1));
  const top = 3 * gap + tall + low;
  parts.push(text(TEXT.overshot, left(colors), top - 5, colors));
  made.forEach((m, i) => parts.push(...overshootStrip(m, i, top + i * (strip + 3), strip, sx, colors)));
  for (const k of ticksBetween(0, steps, width / 100)) parts.push(text(label(k), sx(k), height - 4, colors, { "text-anchor": k === 0 ? "start" : k > 0.95 * steps ? "end" : "middle" }));
  const x = sx(Math.min(state.at, steps));
  parts.push(svg("path", { d: `M${n(x)} ${n(gap)}V${n(height - 1.5 * colors.text)}`, stroke: colors.ink, "stroke-width": 1.6 }));
  filled(into, parts);
}

/** @param {Made} m */
function errorsOf(m) {
  const { problem } = m.run;
  if (problem.minimum === null) return m.run.norm;
  const minimum = problem.minimum;
  return m.values.map((/** @type {number} */ v) => v - minimum);
}

/** A panel with curves on a logarithmic axis. @param {string} title @param {number} top @param {number} height @param {ArrayLike<number>[]} rows @param {(k: number) => number} sx @param {number} width @param {any} colors @param {number} shift */
function panel(title, top, height, rows, sx, width, colors, shift) {
  let low = Infinity, high = -Infinity;
  for (const row of rows)
    for (let i = 0; i < row.length; i++) {
      const v = row[i];
      if (v > 0 && v < Infinity) [low, high] = [Math.min(low, v), Math.max(high, v)];
    }
  const parts = [text(title, left(colors), top - 5, colors)];
  parts.push(svg("rect", { x: left(colors), y: n(top), width: n(width - left(colors) - RIGHT), height: n(height), fill: "none", stroke: colors.faint }));
  if (!(low <= high)) return parts;
  // A run that explodes leaves the panel at its top, so that it does not make lines of all others.
  const starts = rows.map((row) => row[0]).filter((v) => v > 0 && v < Infinity);
  high = Math.min(high, Math.max(...starts, low) * 1e4);
  low = Math.max(low, high * 1e-40);
  if (high / low < 1.5) [low, high] = [low / 1.5, high * 1.5];
  const a = Math.log(low), b = Math.log(high), sy = (/** @type {number} */ v) => top + height - 4 - ((Math.log(v) - a) / (b - a)) * (height - 8);
  const found = decadesBetween(low, high, Math.max(height / 34, 2)), many = found.length > 1, ticks = many ? found : ticksBetween(low, high, Math.max(height / 40, 2)).filter((v) => v > 0);
  let free = Infinity;
  for (const v of ticks) {
    if (free - sy(v) < 1.5 * colors.text) continue;
    free = sy(v);
    parts.push(svg("path", { d: `M${left(colors)} ${n(sy(v))}H${n(width - RIGHT)}`, stroke: colors.faint, "stroke-width": 1 }));
    parts.push(text(many ? decade(v) : label(v), left(colors) - 5, sy(v) + 4, colors, { "text-anchor": "end" }));
  }
  rows.forEach((row, i) => parts.push(svg("path", { d: curve(row, sx, sy, [low, high], shift), fill: "none", stroke: colors.runs[i], "stroke-width": n(colors.text / 6), "stroke-dasharray": DASHES[i] || null, "stroke-linejoin": "round" })));
  return parts;
}

/** A curve through at most so many points: of the others the largest in each group. @param {ArrayLike<number>} row @param {(k: number) => number} sx @param {(v: number) => number} sy @param {[number, number]} range @param {number} shift */
function curve(row, sx, sy, [low, high], shift) {
  const by = Math.max(1, Math.ceil(row.length / MOST_POINTS));
  let path = "", down = false;
  for (let k = 0; k < row.length; k += by) {
    let v = row[k];
    for (let i = k + 1; i < Math.min(k + by, row.length); i++) v = Math.max(v, row[i]);
    if (!(v > 0) || !Number.isFinite(v)) {
      down = false;
      continue;
    }
    const out = v > high;
    if (!out || down) path += `${down ? "L" : "M"}${n(sx(k + shift))} ${n(sy(Math.min(Math.max(v, low), high)))}`;
    down = !out;
  }
  return path;
}

/** @param {Made} m @param {number} index @param {number} top @param {number} height @param {(k: number) => number} sx @param {any} colors */
function overshootStrip(m, index, top, height, sx, colors) {
  const { overshoot } = m.run;
  let path = "";
  for (let k = 0; k < overshoot.length; k++) {
    if (!overshoot[k]) continue;
    const from = k;
    while (k + 1 < overshoot.length && overshoot[k + 1]) k += 1;
    path += `M${n(sx(from))} ${n(top)}H${n(Math.max(sx(k + 1), sx(from) + 1))}V${n(top + height)}H${n(sx(from))}Z`;
  }
  return [
    svg("path", { d: `M${n(sx(0))} ${n(top + height / 2)}H${n(sx(overshoot.length))}`, stroke: colors.faint }),
    svg("path", { d: path, fill: colors.runs[index] }),
    text(`${fixed(100 * m.found.overshoot, 0)} %`, left(colors) - 5, top + height / 2 + 4, colors, { "text-anchor": "end", fill: colors.ink }),
  ];
}

/**
 * The line of the coming step of a run: the loss along it, and the parabola with its slopes at both ends.
 * @param {SVGElement} into @param {any} place @param {Made | undefined} m @param {number} index @param {number} at
 */
export function drawLine(into, place, m, index, at) {
  const colors = palette(), [width, height] = sizeOf(into);
  into.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const parts = [svg("rect", { width, height, fill: colors.paper })];
  if (m && at < m.run.nit) parts.push(...lineParts(place, m, index, at, width, height, colors));
  filled(into, parts);
}

/** @param {any} place @param {Made} m @param {number} index @param {number} at @param {number} width @param {number} height @param {any} colors */
function lineParts(place, m, index, at, width, height, colors) {
  const d = place.dim, { x, g } = m.run, step = /** @type {number[]} */ ([]), from = /** @type {number[]} */ ([]);
  let before = 0, after = 0;
  for (let j = 0; j < d; j++) {
    from.push(x[at * d + j]);
    step.push(x[(at + 1) * d + j] - x[at * d + j]);
    before += g[at * d + j] * step[j];
    after += g[(at + 1) * d + j] * step[j];
  }
  const count = 80, ts = Array.from({ length: count + 1 }, (_, i) => -0.5 + (2.5 * i) / count);
  const fs = quickly(() => ts.map((t) => place.value(from.map((a, j) => a + t * step[j]))));
  const f0 = fs[Math.round(count * 0.2)], parabola = ts.map((t) => f0 + before * t + ((after - before) * t * t) / 2);
  const inside = [...fs.slice(10, 60), ...parabola.slice(10, 60)].filter(Number.isFinite);
  const low = Math.min(...inside), high = Math.max(...inside), margin = 0.15 * (high - low || 1);
  const sx = (/** @type {number} */ t) => 8 + ((t + 0.5) / 2.5) * (width - 16);
  const sy = (/** @type {number} */ v) => height - 18 - ((v - low + margin) / (high - low + 2 * margin)) * (height - 24);
  const drawn = (/** @type {number[]} */ row) => {
    let path = "";
    row.forEach((v, i) => {
      const y = Math.min(Math.max(sy(v), -50), height + 50);
      if (Number.isFinite(v)) path += `${path ? "L" : "M"}${n(sx(ts[i]))} ${n(y)}`;
    });
    return path;
  };
  const bottom = before / (before - after), color = colors.runs[index];
  const parts = [
    svg("path", { d: drawn(parabola), fill: "none", stroke: colors.soft, "stroke-width": 1.5, "stroke-dasharray": "4 3" }),
    svg("path", { d: drawn(fs), fill: "none", stroke: color, "stroke-width": 2.2 }),
    svg("circle", { cx: n(sx(0)), cy: n(sy(f0)), r: 5, fill: color }),
    svg("circle", { cx: n(sx(1)), cy: n(sy(fs[Math.round(count * 0.6)])), r: 5, fill: colors.paper, stroke: color, "stroke-width": 2 }),
    text("0", sx(0), height - 4, colors, { "text-anchor": "middle" }),
    text("1", sx(1), height - 4, colors, { "text-anchor": "middle" }),
  ];
  if (bottom > -0.5 && bottom < 2 && after > before) {
    const y = sy(f0 + (before * bottom) / 2);
    parts.push(svg("path", { d: `M${n(sx(bottom))} ${n(y - 6)}V${n(height - 16)}`, stroke: colors.ink, "stroke-width": 1.2 }));
  }
  return parts;
}
