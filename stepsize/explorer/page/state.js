// The experiment: what the page shows is a function of it, and the address carries it.

import { shortest } from "./printing.js";

/**
 * @typedef {{drives: number, name: string, numbers: number[], times: number}} Schedule what drives the number at a place
 * @typedef {{rule: string, numbers: number[], schedules: Schedule[]}} Choice
 * @typedef {object} State
 * @property {string} problem
 * @property {number[]} x0
 * @property {number} steps
 * @property {Choice[]} optimizers
 * @property {number} at the update that is shown
 * @property {number} chosen
 * @property {{sigma: number, seed: number}} noise
 * @property {{surface: boolean, side: boolean, ghost: boolean, zoom: number}} view
 */

export const MOST_UPDATES = 1000, MOST_OPTIMIZERS = 6, NOISY_UPDATES = 500;

/** What Python put into the page; it is there once `unpackData` is done. @type {any} */
export const DATA = {};

/** Unpack what Python compressed. */
export async function unpackData() {
  const text = document.getElementById("data")?.textContent ?? "";
  const bytes = Uint8Array.from(atob(text.trim()), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  Object.assign(DATA, JSON.parse(await new Response(stream).text()));
}

/** @template T @param {T[]} list @param {string} name @returns {T | undefined} */
export const named = (list, name) => list.find((/** @type {any} */ item) => item.name === name);

/** @param {string} rule @param {Record<string, number>} [values] @returns {Choice} */
export function choiceOf(rule, values = {}) {
  const found = named(DATA.rules, rule) ?? DATA.rules[0];
  const numbers = found.parameters.map((/** @type {any} */ p) => values[p.path] ?? values[p.path.split("/").pop()] ?? p.value);
  return { rule: found.name, numbers, schedules: [] };
}

/** @param {number} drives @param {string} name @param {Record<string, number>} [values] @returns {Schedule} */
export function scheduleOf(drives, name, values = {}) {
  const found = named(DATA.timetables, name);
  return { drives, name, numbers: found.parameters.map((/** @type {any} */ p) => values[p.path] ?? p.value), times: values.times ?? 1 };
}

/** The state that a lesson, or Python, describes in short. @param {any} told @returns {State} */
export function stateOf(told) {
  const problem = named(DATA.landscapes, told.p) ?? DATA.landscapes[0];
  return {
    problem: problem.name,
    x0: told.x && told.x.length === problem.dim ? [...told.x] : [...problem.x0],
    steps: told.n ?? 300,
    optimizers: (told.o ?? []).map((/** @type {any} */ [rule, values, schedules]) => {
      const choice = choiceOf(rule, values), paths = named(DATA.rules, choice.rule).parameters.map((/** @type {any} */ p) => p.path);
      for (const [path, [name, numbers]] of Object.entries(schedules ?? {}))
        if (named(DATA.timetables, name)) choice.schedules.push(scheduleOf(paths.indexOf(path), name, numbers));
      return choice;
    }),
    at: told.t ?? 0,
    chosen: 0,
    noise: { sigma: told.z ? told.z[0] : 0, seed: told.z ? told.z[1] : 0 },
    view: { surface: false, side: false, ghost: true, zoom: told.k ?? 0 },
  };
}

const numbersIn = (/** @type {string} */ text) => (text === "" ? [] : text.split(",").map(Number));
const listed = (/** @type {number[]} */ numbers) => numbers.map((n) => shortest(n).replace(/\.0$/, "")).join(",");

/** @param {State} s */
export function addressOf(s) {
  const word = encodeURIComponent;
  const rules = s.optimizers.map(({ rule, numbers, schedules }) =>
    [word(rule), listed(numbers), ...schedules.flatMap((found) => [found.drives, word(found.name), listed(found.numbers), listed([found.times])])].join(":"));
  const view = [s.view.surface && "surface", s.view.side && "side", !s.view.ghost && "noghost"].filter(Boolean).join(",");
  return `#p=${word(s.problem)}&x=${listed(s.x0)}&n=${s.steps}&t=${s.at}&c=${s.chosen}&z=${listed([s.noise.sigma, s.noise.seed])}&o=${rules.join(";")}${view ? `&v=${view}` : ""}${s.view.zoom ? `&k=${s.view.zoom}` : ""}`;
}

/** What an address says, or null if it is no experiment: only names that the page has, and finite numbers.
 * @param {string} text @returns {State | null} */
export function stateIn(text) {
  try {
    const parts = new Map(text.replace(/^#/, "").split("&").map((part) => /** @type {[string, string]} */ (part.split(/=(.*)/s).slice(0, 2))));
    const word = (/** @type {string} */ key) => parts.get(key) ?? "";
    const problem = named(DATA.landscapes, decodeURIComponent(word("p")));
    if (!problem) return null;
    const x0 = numbersIn(word("x")), steps = Number(word("n")), at = Number(word("t")), chosen = Number(word("c"));
    const [sigma, seed] = numbersIn(word("z"));
    const whole = (/** @type {number} */ n, /** @type {number} */ low, /** @type {number} */ high) => Number.isInteger(n) && n >= low && n <= high;
    const finite = (/** @type {number[]} */ list) => list.every(Number.isFinite);
    const optimizers = word("o").split(";").filter(Boolean).map(choiceIn);
    if (x0.length !== problem.dim || !finite(x0) || !whole(steps, 1, MOST_UPDATES) || !whole(at, 0, steps)) return null;
    if (optimizers.length > MOST_OPTIMIZERS || optimizers.some((o) => o === null)) return null;
    if (!whole(chosen, 0, Math.max(optimizers.length - 1, 0)) || !(sigma >= 0 && sigma < Infinity) || !(sigma === 0 || DATA.noise.seeds.includes(seed))) return null;
    const view = word("v").split(",");
    const zoom = Number(word("k") || 0);
    return {
      problem: problem.name, x0, steps, at, chosen, noise: { sigma, seed },
      optimizers: /** @type {Choice[]} */ (optimizers),
      view: { surface: view.includes("surface"), side: view.includes("side"), ghost: !view.includes("noghost"), zoom: whole(zoom, -8, 20) ? zoom : 0 },
    };
  } catch {
    return null;
  }
}

/** @param {string} text @returns {Choice | null} */
function choiceIn(text) {
  const [name, numbers, ...rest] = text.split(":");
  const rule = named(DATA.rules, decodeURIComponent(name)), values = numbersIn(numbers ?? "");
  if (!rule || values.length !== rule.parameters.length) return null;
  if (!values.every((v, i) => allowed(rule.parameters[i], v))) return null;
  const schedules = /** @type {Schedule[]} */ ([]);
  for (let i = 0; i < rest.length; i += 4) {
    const found = scheduleIn(rest.slice(i, i + 4), rule);
    if (!found || schedules.some(({ drives }) => drives === found.drives)) return null;
    schedules.push(found);
  }
  return { rule: rule.name, numbers: values, schedules };
}

/** @param {string[]} words @param {any} rule @returns {Schedule | null} */
function scheduleIn([place, name, numbers, times], rule) {
  const drives = Number(place), table = named(DATA.timetables, decodeURIComponent(name ?? "")), held = numbersIn(numbers ?? "");
  if (!rule.parameters[drives]?.driven || !table || held.length !== table.parameters.length) return null;
  if (!Number.isFinite(Number(times || NaN)) || !held.every((v, i) => allowed(table.parameters[i], v))) return null;
  return { drives, name: table.name, numbers: held, times: Number(times) };
}

/** Whether a parameter may have a value. @param {any} p @param {number} value */
export function allowed(p, value) {
  if (!Number.isFinite(value) || (p.whole && !Number.isInteger(value))) return false;
  if (p.minimum !== null && p.minimum !== undefined && value < p.minimum) return false;
  if (p.above !== null && p.above !== undefined && value <= p.above) return false;
  if (p.maximum !== null && p.maximum !== undefined && value > p.maximum) return false;
  return !(p.below !== null && p.below !== undefined && value >= p.below);
}
