// The schedules that drive the numbers of a rule: which one, its own sliders, and a small curve.

import { chooser, numberRow, powers, refuse, scaleOf } from "./controls.js";
import { n, palette, svg, tag } from "./drawing.js";
import { scheduleAt, staysAllowed, stepsOf, valuesOf } from "./experiment.js";
import { DATA, named, scheduleOf } from "./state.js";
import { TEXT } from "./words.js";

/** A small curve of a schedule. @param {any} schedule @param {number} steps @param {number} index */
function scheduleCurve(schedule, steps, index) {
  const value = valuesOf(schedule), count = Math.min(steps, 150), width = 220, height = 36;
  const values = Array.from({ length: count }, (_, i) => value(Math.floor((i * steps) / count))), high = Math.max(...values, 1e-300);
  const d = values.map((v, i) => `${i ? "L" : "M"}${n((i / Math.max(count - 1, 1)) * width)} ${n(height - 2 - (Math.max(v, 0) / high) * (height - 4))}`).join("");
  return svg("svg", { class: "curve", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" }, [
    svg("path", { d, fill: "none", stroke: palette().runs[index], "stroke-width": 2, "vector-effect": "non-scaling-stroke" }),
  ]);
}

const three = (/** @type {number} */ v) => Number(v.toPrecision(3));

/** What a number of a rule is driven by, with the constant that it may be instead.
 * @param {any} state @param {number} index @param {number} place @param {string} who @param {(anew: boolean) => void} change */
export function scheduleRow(state, index, place, who, change) {
  const choice = state.optimizers[index], rule = named(DATA.rules, choice.rule);
  const held = scheduleAt(choice, place), path = rule.parameters[place].path, isRate = /(^|\/)lr$/.test(path);
  const word = isRate ? TEXT.schedule : `${path.replace(/^.*\//, "")} ${TEXT.by}`;
  const select = chooser(`${who}: ${word}`, DATA.timetables, held?.name ?? "", (name) => {
    const next = name ? [startedAt(place, name, choice.numbers[place])] : [];
    if (!accepted(select, state, rule.parameters[place], next)) return;
    choice.schedules = [...choice.schedules.filter((/** @type {any} */ s) => s !== held), ...next];
    change(true);
  }, TEXT.constant);
  return tag("div", { class: "number" }, [tag("span", { class: "name", "aria-hidden": "true" }, [word]), select]);
}

/** Numbers besides the rate that a schedule may drive, to choose one of.
 * @param {any} state @param {number} index @param {string} who @param {(anew: boolean) => void} change */
export function driveRow(state, index, who, change) {
  const choice = state.optimizers[index], rule = named(DATA.rules, choice.rule);
  const free = rule.parameters.map((/** @type {any} */ p, /** @type {number} */ place) => ({ name: p.path, place, p }))
    .filter((/** @type {any} */ { p, place }) => p.driven && !/(^|\/)lr$/.test(p.path) && !scheduleAt(choice, place));
  if (!free.length || !named(DATA.timetables, "Linear")) return null;
  const select = chooser(`${who}: ${TEXT.drive}`, free, "", (name) => {
    const { place, p } = /** @type {any} */ (named(free, name)), next = startedAt(place, "Linear", choice.numbers[place]);
    if (!accepted(select, state, p, [next])) return;
    choice.schedules.push(next);
    change(true);
  }, TEXT.none);
  return tag("div", { class: "number" }, [tag("span", { class: "name", "aria-hidden": "true" }, [TEXT.drive]), select]);
}

/** Whether schedules may drive a number; if not, the choice goes back to what it was, and says why.
 * @param {HTMLSelectElement} select @param {any} state @param {any} p @param {any[]} schedules */
function accepted(select, state, p, schedules) {
  if (schedules.every((schedule) => staysAllowed(p, schedule, state.steps))) return true;
  select.value = [...select.options].find((option) => option.defaultSelected)?.value ?? "";
  refuse(select, p);
  return false;
}

/** A schedule that starts at about a value. @param {number} place @param {string} name @param {number} value */
function startedAt(place, name, value) {
  const known = named(DATA.timetables, name), heights = heightsOf(known), tops = heights.map((/** @type {any} */ p) => p.value);
  const top = Math.max(...tops);
  const schedule = scheduleOf(place, name, Object.fromEntries(heights.map((/** @type {any} */ p) => [p.path, three((p.value * value) / top)])));
  if (!heights.length) {
    const peak = Math.max(...Array.from({ length: 300 }, (_, i) => valuesOf(schedule)(i)).filter(Number.isFinite));
    schedule.times = three(value / peak) || 1;
  }
  return schedule;
}

/** @param {any} known */
const heightsOf = (known) => known.parameters.filter((/** @type {any} */ p) => /(^|\/)lr$/.test(p.path));

/** The sliders and the curve of a schedule. @param {any} state @param {number} index @param {any} schedule @param {string} who
 * @param {boolean} open @param {(anew: boolean) => void} change */
export function scheduleRows(state, index, schedule, who, open, change) {
  const known = named(DATA.timetables, schedule.name), steps = stepsOf(state), found = /** @type {Element[]} */ ([]);
  const driven = named(DATA.rules, state.optimizers[index].rule).parameters[schedule.drives];
  let curve = scheduleCurve(schedule, steps, index);
  const moved = () => {
    const next = scheduleCurve(schedule, stepsOf(state), index);
    curve.replaceWith(next);
    curve = next;
    change(false);
  };
  const within = (/** @type {any} */ changes) => staysAllowed(driven, { ...schedule, ...changes }, state.steps);
  if (!heightsOf(known).length) {
    const times = { path: TEXT.times, value: 1, minimum: null, above: 0, below: null, whole: false };
    found.push(numberRow(times, schedule.times, powers(schedule.times / 100, schedule.times * 100, three), `${who}, ${schedule.name}`, (v) => {
      schedule.times = v;
      moved();
    }, null, (v) => within({ times: v })));
  }
  known.parameters.forEach((/** @type {any} */ p, /** @type {number} */ i) => {
    if (!open && !heightsOf(known).includes(p)) return;
    found.push(numberRow(calledAs(p, driven), schedule.numbers[i], scaleOf(calledAs(p, driven), schedule.numbers[i], state.steps), `${who}, ${schedule.name}`, (v) => {
      schedule.numbers[i] = v;
      moved();
    }, null, (v) => within({ numbers: schedule.numbers.map((/** @type {number} */ old, /** @type {number} */ j) => (j === i ? v : old)) })));
  });
  if (open) found.push(...notesOf(known));
  found.push(curve);
  return found;
}

/** A height of a schedule under the name of what it drives, which is a rate by custom alone. @param {any} p @param {any} driven */
const calledAs = (p, driven) => ({ ...p, path: p.path.replace(/(^|\/)lr$/, `$1${driven.path.split("/").pop()}`) });

/** What of a schedule does not move, and why. @param {any} known */
function notesOf(known) {
  const notes = [];
  if (known.reason) notes.push(`${known.name}: ${TEXT.tabulated} (${known.reason}).`);
  if (known.fixed.length) notes.push(`${TEXT.fixed}: ${known.fixed.map((/** @type {[string, number]} */ [path, value]) => `${path} ${value}`).join(", ")}.`);
  return notes.map((note) => tag("p", { class: "soft" }, [note]));
}
