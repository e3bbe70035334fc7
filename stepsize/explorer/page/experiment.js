// From the state to runs: drivers out of names and numbers, and what was run already is kept.

import { descend } from "./descent.js";
import { diagnose } from "./reasons.js";
import { LANDSCAPES, RULES, TIMETABLES } from "./generated.js";
import { unpacked } from "./numbers.js";
import { DATA, NOISY_UPDATES, allowed, named } from "./state.js";

/** @typedef {import("./state.js").State} State @typedef {import("./state.js").Choice} Choice */

/** @param {import("./state.js").Schedule} schedule @returns {(n: number) => number} */
export function valuesOf(schedule) {
  const known = named(DATA.timetables, schedule.name), { times, numbers } = schedule;
  const table = known.table && unpacked(known.table), value = TIMETABLES[schedule.name];
  const at = table ? (/** @type {number} */ n) => table[Math.min(n, table.length - 1)] : (/** @type {number} */ n) => value(n, numbers);
  return times === 1 ? at : (n) => times * at(n);
}

/** @param {Choice} choice */
export function driverOf(choice) {
  const known = named(DATA.rules, choice.rule), rate = rateOf(known);
  const schedules = new Map(choice.schedules.map((schedule) => [schedule.drives, valuesOf(schedule)]));
  const rule = { ...RULES[choice.rule], slots: known.slots.length, separate: known.separate, rate };
  return { rule, numbers: choice.numbers, schedules };
}

/** What drives a number of a rule, if anything does. @param {Choice} choice @param {number} place */
export const scheduleAt = (choice, place) => choice.schedules.find(({ drives }) => drives === place) ?? null;

/** Whether a schedule stays within what a number may be, all along. @param {any} p @param {import("./state.js").Schedule} schedule @param {number} steps */
export function staysAllowed(p, schedule, steps) {
  const value = valuesOf(schedule);
  for (let n = 0; n < steps; n++) if (!allowed({ ...p, whole: false }, value(n))) return false;
  return true;
}

/** Whether all that is driven stays so for some updates. @param {Choice[]} choices @param {number} steps */
export const allStayAllowed = (choices, steps) =>
  choices.every(({ rule, schedules }) => schedules.every((s) => staysAllowed(named(DATA.rules, rule).parameters[s.drives], s, steps)));

/** Where the rate stands among a rule's numbers. @param {any} rule */
export const rateOf = (rule) => rule.parameters.findIndex((/** @type {any} */ p) => p.path.split("/").pop() === "lr");

/** @param {string} name */
export function landscapeOf(name) {
  const known = named(DATA.landscapes, name);
  return { ...known, ...LANDSCAPES[name] };
}

/** @param {State} s */
const noiseOf = (s) => (s.noise.sigma > 0 ? { table: unpacked(DATA.noise.streams[DATA.noise.seeds.indexOf(s.noise.seed)]), sigma: s.noise.sigma } : null);

/** @param {State} s */
export const stepsOf = (s) => (s.noise.sigma > 0 ? Math.min(s.steps, NOISY_UPDATES) : s.steps);

const kept = new Map();

/** One run and its verdict. @param {State} s @param {Choice} choice */
export function runOf(s, choice) {
  const key = JSON.stringify([s.problem, s.x0, stepsOf(s), s.noise, choice]);
  if (!kept.has(key)) {
    if (kept.size > 60) kept.delete(kept.keys().next().value);
    const driver = driverOf(choice), run = descend(landscapeOf(s.problem), driver, s.x0, stepsOf(s), noiseOf(s));
    kept.set(key, { driver, run, found: diagnose(run), points: run.output ?? run.x, values: run.outputF ?? run.f });
  }
  return kept.get(key);
}

/** @param {State} s */
export const runsOf = (s) => s.optimizers.map((choice) => runOf(s, choice));

/** @typedef {ReturnType<typeof runOf>} Made */

/** Whether a run can start here. @param {State} s @param {number[]} x0 */
export function canStart(s, x0) {
  const place = landscapeOf(s.problem), g = new Float64Array(place.dim);
  place.slope(x0, g);
  return Number.isFinite(place.value(x0)) && !g.some(Number.isNaN);
}
