// A card for each optimizer: its rule, a slider and an exact box for every number, its schedules.

import { chooser, markLimit, numberRow, scaleOf } from "./controls.js";
import { DASHES, filled, markPath, palette, svg, tag } from "./drawing.js";
import { driveRow, scheduleRow, scheduleRows } from "./driving.js";
import { landscapeOf, rateOf, scheduleAt } from "./experiment.js";
import { general } from "./printing.js";
import { DATA, allowed, choiceOf, named } from "./state.js";
import { limitOf } from "./theory.js";
import { TEXT } from "./words.js";

/** A stretch of a run's line with its mark. @param {number} index @param {number} [width] */
export function swatch(index, width = 34) {
  const color = palette().runs[index];
  return svg("svg", { class: "swatch", width, height: 16, viewBox: `0 0 ${width} 16`, "aria-hidden": "true" }, [
    svg("path", { d: `M0 8H${width}`, stroke: color, "stroke-width": 2.5, "stroke-dasharray": DASHES[index] || null }),
    svg("path", { d: markPath(index, width / 2, 8, 5), fill: color }),
  ]);
}

/** What a run is called: its rule and its rate, so that two of one rule are told apart. @param {any} choice */
export function titleOf(choice) {
  const rule = named(DATA.rules, choice.rule), rate = rateOf(rule);
  const driver = scheduleAt(choice, rate);
  if (driver) return `${choice.rule}, ${driver.name}`;
  return `${choice.rule}, lr ${general(choice.numbers[rate], 3)}`;
}

/**
 * The cards. `change` is told which run is to be made anew, and whether the cards must be built anew.
 * @param {HTMLElement} into @param {import("./state.js").State} state @param {(anew: boolean) => void} change
 */
export function buildCards(into, state, change) {
  filled(into, state.optimizers.map((_, index) => card(state, index, change)));
}

/** @param {import("./state.js").State} state @param {number} index @param {(anew: boolean) => void} change */
function card(state, index, change) {
  const choice = state.optimizers[index], rule = named(DATA.rules, choice.rule), open = index === state.chosen;
  const who = `${TEXT.optimizerOf} ${index + 1}, ${choice.rule}`;
  const toggle = tag("button", { type: "button", class: "toggle", "aria-expanded": String(open), "aria-label": `${TEXT.show} ${who}` }, [swatch(index)]);
  toggle.addEventListener("click", () => {
    state.chosen = index;
    change(true);
  });
  const select = chooser(`${TEXT.rule} ${index + 1}`, DATA.rules, choice.rule, (name) => {
    state.optimizers[index] = choiceOf(name, sameRate(choice, rule, named(DATA.rules, name)));
    state.chosen = index;
    change(true);
  });
  const remove = tag("button", { type: "button", class: "remove", "aria-label": `${TEXT.remove} ${who}` }, ["×"]);
  remove.addEventListener("click", () => {
    state.optimizers.splice(index, 1);
    state.chosen = Math.max(Math.min(state.chosen, state.optimizers.length - 1), 0);
    change(true);
  });
  const body = tag("div", { class: "card-body" }, rows(state, index, who, change));
  const section = tag("section", { class: `card${open ? " open" : ""}`, "aria-label": who }, [tag("div", { class: "card-head" }, [toggle, select, remove]), body]);
  section.style.setProperty("--accent", palette().runs[index]);
  return section;
}

/** Keep the rate where the new rule may have it. @param {any} choice @param {any} rule @param {any} next @returns {Record<string, number>} */
function sameRate(choice, rule, next) {
  const lr = choice.numbers[rateOf(rule)];
  return allowed(next.parameters[rateOf(next)], lr) ? { lr } : {};
}

/** The rows of a card: of one that is closed the rate alone. @param {any} state @param {number} index @param {string} who @param {(anew: boolean) => void} change */
function rows(state, index, who, change) {
  const choice = state.optimizers[index], rule = named(DATA.rules, choice.rule), rate = rateOf(rule), open = index === state.chosen;
  const found = /** @type {Element[]} */ ([]), place = landscapeOf(state.problem), momentum = rule.parameters.findIndex((/** @type {any} */ p) => p.path === "momentum");
  let moveLimit = () => {};
  rule.parameters.forEach((/** @type {any} */ p, /** @type {number} */ i) => {
    const schedule = scheduleAt(choice, i);
    if (schedule && i !== rate) found.push(scheduleRow(state, index, i, who, change), ...scheduleRows(state, index, schedule, `${who}, ${p.path}`, open, change));
    if (schedule || (i !== rate && !open)) return;
    const limitNow = () => (scheduleAt(choice, momentum) ? null : limitOf(choice.rule, place.L, choice.numbers[momentum] ?? 0));
    const limit = i === rate ? limitNow() : null;
    const scale = scaleOf(p, limit?.rate ? limit.rate / 2 : i === rate ? choice.numbers[i] : p.value, state.steps);
    const row = numberRow(p, choice.numbers[i], scale, who, (v) => {
      choice.numbers[i] = v;
      if (i === momentum) moveLimit();
      change(false);
    }, limit);
    if (limit) moveLimit = () => markLimit(row, limitNow() ?? limit, scale);
    found.push(row);
  });
  const driver = scheduleAt(choice, rate);
  if (open) found.push(scheduleRow(state, index, rate, who, change));
  if (driver) found.push(...scheduleRows(state, index, driver, who, open, change));
  const more = open ? driveRow(state, index, who, change) : null;
  return more ? [...found, more] : found;
}
