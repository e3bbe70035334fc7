// What the last digits of the runs are worth, in a sentence.

import { DATA, named, stateOf } from "./state.js";
import { TEXT } from "./words.js";

/** @typedef {import("./state.js").Choice} Choice */

/** @param {any} place @param {Choice[]} choices */
export function promiseOf(place, choices) {
  if (!place.exact) return TEXT.rounded;
  if (choices.some(({ schedules }) => schedules.some(({ name }) => !named(DATA.timetables, name).exact))) return TEXT.roundedSchedule;
  if (choices.some(({ rule }) => named(DATA.rules, rule).rounded)) return TEXT.roundedRule;
  return choices.every(powersAreCompared) ? TEXT.exact : TEXT.powers;
}

/** Whether every power of a run was compared with Python's when the page was written. @param {Choice} choice */
function powersAreCompared(choice) {
  const rule = named(DATA.rules, choice.rule);
  const memories = rule.memories.every((/** @type {number} */ i) => isCompared(choice.numbers[i]) && choice.schedules.every(({ drives }) => drives !== i));
  return (rule.exact && memories) || isOpened(choice);
}

/** The numbers of the sliders, three digits or four from 0.9 on. @param {number} memory */
const isCompared = (memory) => Number(memory.toFixed(3)) === memory || (memory >= 0.9 && Number(memory.toFixed(4)) === memory);

/** Whether the page opened with just this run, whose powers were compared, too. @param {Choice} choice */
const isOpened = (choice) => stateOf(DATA.opens).optimizers.some((opened) => JSON.stringify(opened) === JSON.stringify(choice));
