// The map of fates: what becomes of a run for every rate and momentum, with theory's border on it.

import { descend } from "./descent.js";
import { filled, label, n, palette, sizeOf, svg } from "./drawing.js";
import { driverOf, landscapeOf, rateOf } from "./experiment.js";
import { DATA, named } from "./state.js";
import { limitOf } from "./theory.js";
import { diagnose } from "./reasons.js";
import { TEXT } from "./words.js";

const COLUMNS = 36, ROWS = 18, UPDATES = 150, LEFT = 46, FOOT = 34, TOP = 8, RIGHT = 8;
// From settled to diverged, as bright as they are different, for every eye.
const FATES = ["#2c7fb8", "#7fcdbb", "#c7e9b4", "#ffffcc", "#fdae61", "#7f2704"];

/** @param {string} verdict */
export function fateOf(verdict) {
  const place = ["settled", "settled, crossing", "settled, ringing", "still crawling", "bouncing"].indexOf(verdict);
  if (place >= 0) return place;
  return verdict.startsWith("stuck") || verdict === "frozen" ? 4 : 5;
}

/** The rule's momentum, if it has one. @param {any} rule */
const momentumOf = (rule) => rule.parameters.findIndex((/** @type {any} */ p) => ["momentum", "beta1", "beta"].includes(p.path.split("/").pop()));

/** Rates and momenta of the map around what a rule has. @param {any} state */
export function gridOfFates(state) {
  const choice = state.optimizers[state.chosen], rule = named(DATA.rules, choice.rule), place = landscapeOf(state.problem);
  const limit = limitOf(rule.name, place.L, 0)?.rate, center = limit ?? choice.numbers[rateOf(rule)];
  const low = Math.log10(center) - (limit ? 2 : 1.5), high = Math.log10(center) + (limit ? 1 : 1.5);
  const at = momentumOf(rule), rows = at < 0 ? 1 : ROWS;
  return {
    rule, choice, place, momentum: at,
    rates: Array.from({ length: COLUMNS }, (_, i) => Number((10 ** (low + ((high - low) * i) / (COLUMNS - 1))).toPrecision(3))),
    momenta: Array.from({ length: rows }, (_, j) => (rows === 1 ? 0 : Number((0.99 * (j / (rows - 1))).toFixed(3)))),
  };
}

/** Whether the map takes a number of the rule in hand. @param {any} map @param {number} place */
export const isMapped = (map, place) => place === rateOf(map.rule) || place === map.momentum;

/** The fate at one place of the map. @param {ReturnType<typeof gridOfFates>} map @param {any} state @param {number} i @param {number} j */
function fateAt(map, state, i, j) {
  const numbers = [...map.choice.numbers];
  numbers[rateOf(map.rule)] = map.rates[i];
  if (map.momentum >= 0) numbers[map.momentum] = map.momenta[j];
  const schedules = map.choice.schedules.filter((/** @type {any} */ s) => !isMapped(map, s.drives));
  const driver = driverOf({ rule: map.rule.name, numbers, schedules });
  return fateOf(diagnose(descend(map.place, driver, state.x0, UPDATES)).verdict);
}

/**
 * Fill the map a few milliseconds at a time, so that the page stays awake.
 * @param {ReturnType<typeof gridOfFates>} map @param {any} state @param {(fates: Int8Array, done: boolean) => void} tell
 * @returns {() => void} what stops it
 */
export function mapped(map, state, tell) {
  const fates = new Int8Array(COLUMNS * map.momenta.length).fill(-1);
  let k = 0, stopped = false;
  const work = () => {
    if (stopped) return;
    const until = performance.now() + 12;
    while (k < fates.length && performance.now() < until) {
      fates[k] = fateAt(map, state, k % COLUMNS, Math.floor(k / COLUMNS));
      k += 1;
    }
    tell(fates, k === fates.length);
    if (k < fates.length) setTimeout(work, 0);
  };
  work();
  return () => {
    stopped = true;
  };
}

/** @param {SVGElement} into @param {ReturnType<typeof gridOfFates>} map @param {Int8Array} fates @param {[number, number] | null} cursor */
export function drawFates(into, map, fates, cursor) {
  const colors = palette(), [width, height] = sizeOf(into), rows = map.momenta.length;
  into.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const w = (width - LEFT - RIGHT) / COLUMNS, h = (height - TOP - FOOT) / rows, bottom = height - FOOT;
  const parts = [svg("rect", { width, height, fill: colors.paper })];
  FATES.forEach((color, fate) => {
    let path = "";
    fates.forEach((f, k) => {
      if (f === fate) path += `M${n(LEFT + (k % COLUMNS) * w)} ${n(bottom - (Math.floor(k / COLUMNS) + 1) * h)}h${n(w + 0.3)}v${n(h + 0.3)}h${n(-w - 0.3)}Z`;
    });
    if (path) parts.push(svg("path", { d: path, fill: color }));
  });
  parts.push(...border(map, (rate) => LEFT + w / 2 + (Math.log(rate / map.rates[0]) / Math.log(map.rates[COLUMNS - 1] / map.rates[0])) * w * (COLUMNS - 1), (j) => bottom - (j + 0.5) * h, rows));
  const word = (/** @type {string} */ t, /** @type {number} */ x, /** @type {number} */ y, /** @type {string} */ anchor) =>
    svg("text", { x: n(x), y: n(y), "text-anchor": anchor, fill: colors.soft, "font-size": 12, "font-family": "system-ui, sans-serif" }, [t]);
  for (const i of [0, 12, 24, COLUMNS - 1]) parts.push(word(label(map.rates[i]), LEFT + (i + 0.5) * w, height - 18, i === COLUMNS - 1 ? "end" : "middle"));
  parts.push(word("lr", width / 2, height - 3, "middle"));
  if (rows > 1) for (const j of [0, 9, rows - 1]) parts.push(word(label(map.momenta[j]), LEFT - 5, bottom - (j + 0.5) * h + 4, "end"));
  if (cursor) parts.push(svg("rect", { x: n(LEFT + cursor[0] * w), y: n(bottom - (cursor[1] + 1) * h), width: n(w), height: n(h), fill: "none", stroke: "#000", "stroke-width": 2.5 }), svg("rect", { x: n(LEFT + cursor[0] * w + 1.5), y: n(bottom - (cursor[1] + 1) * h + 1.5), width: n(Math.max(w - 3, 1)), height: n(Math.max(h - 3, 1)), fill: "none", stroke: "#fff", "stroke-width": 1 }));
  filled(into, parts);
}

/** Theory's limit for each momentum. @param {any} map @param {(rate: number) => number} sx @param {(j: number) => number} sy @param {number} rows */
function border(map, sx, sy, rows) {
  const points = map.momenta.map((/** @type {number} */ beta, /** @type {number} */ j) => {
    const limit = limitOf(map.rule.name, map.place.L, beta);
    return limit && limit.rate <= map.rates[COLUMNS - 1] && limit.rate >= map.rates[0] ? [sx(limit.rate), sy(j)] : null;
  });
  const shown = points.filter(Boolean);
  if (!shown.length) return [];
  const d = rows === 1 ? `M${n(shown[0][0])} ${n(sy(-0.5))}V${n(sy(0.5))}` : `M${shown.map((/** @type {number[]} */ p) => `${n(p[0])} ${n(p[1])}`).join("L")}`;
  return [svg("path", { d, fill: "none", stroke: "#fff", "stroke-width": 4 }), svg("path", { d, fill: "none", stroke: "#111", "stroke-width": 2, "stroke-dasharray": "6 3" })];
}

/** The cell at a place of the picture. @param {Element} into @param {any} map @param {number} x @param {number} y @returns {[number, number] | null} */
export function cellAt(into, map, x, y) {
  const [width, height] = sizeOf(into), rows = map.momenta.length;
  const i = Math.floor(((x - LEFT) / (width - LEFT - RIGHT)) * COLUMNS), j = Math.floor(((height - FOOT - y) / (height - TOP - FOOT)) * rows);
  return i >= 0 && i < COLUMNS && j >= 0 && j < rows ? [i, j] : null;
}

/** The legend of the fates. @returns {[string, string][]} */
export const fates = () => TEXT.fates.map((word, i) => [FATES[i], word]);
