// The experiment as Python that gives the same numbers.

import { DATA, named } from "./state.js";
import { stepsOf } from "./experiment.js";
import { shortest } from "./printing.js";

/** A text, a list, or a call with numbers in its places. @param {any} told @param {string[]} values @returns {string} */
function called(told, values) {
  if (told.text !== undefined) return told.text;
  if (told.list) return `[${told.list.map((/** @type {any} */ item) => called(item, values)).join(", ")}]`;
  if (told.place !== undefined) {
    const value = values[told.place] ?? "";
    return told.whole && /^-?\d+\.0$/.test(value) ? value.slice(0, -2) : value;
  }
  const words = told.arguments.filter((/** @type {any} */ [, argument]) => !isDefault(argument, values));
  return `${told.call}(${words.map((/** @type {any} */ [name, argument]) => `${name}=${called(argument, values)}`).join(", ")})`;
}

/** Whether an argument is what the class takes by itself. @param {any} argument @param {string[]} values */
function isDefault(argument, values) {
  const value = values[argument.place];
  return value !== undefined && value !== "" && Number(value) === argument.default;
}

/** @param {import("./state.js").Schedule} schedule */
function scheduleText(schedule) {
  const known = named(DATA.timetables, schedule.name), text = called(known.python, schedule.numbers.map(shortest));
  return schedule.times === 1 ? text : `${shortest(schedule.times)} * ${text}`;
}

/** @param {import("./state.js").Choice} choice */
export function optimizerText(choice) {
  const known = named(DATA.rules, choice.rule), values = choice.numbers.map(shortest);
  for (const schedule of choice.schedules) values[schedule.drives] = scheduleText(schedule);
  return called(known.python, values);
}

/** What a call needs beside `import stepsize as ss`. @param {any} told @returns {string[]} */
function importsOf(told) {
  if (!told.call) return [];
  const inner = told.arguments.flatMap((/** @type {any} */ [, argument]) => [argument, ...(argument.list ?? [])].flatMap(importsOf));
  return told.from && told.from !== "stepsize" ? [`from ${told.from} import ${told.call}`, ...inner] : inner;
}

/** @param {import("./state.js").State} s */
export function pythonOf(s) {
  const place = named(DATA.landscapes, s.problem), steps = stepsOf(s);
  const inner = called(place.python, []);
  const problem = s.noise.sigma > 0 ? `ss.AdditiveNoise(${inner}, sigma_g=${shortest(s.noise.sigma)}, rng=${s.noise.seed})` : inner;
  const rules = s.optimizers.map((choice) => `    ${optimizerText(choice)},`).join("\n");
  const told = [place.python, ...s.optimizers.flatMap((o) => [named(DATA.rules, o.rule).python, ...o.schedules.map(({ name }) => named(DATA.timetables, name).python)])];
  const imports = ["import stepsize as ss", ...new Set(told.flatMap(importsOf))].join("\n");
  return `${imports}

problem = ${problem}
optimizers = [
${rules}
]
runs = [ss.minimize(problem, optimizer, x0=[${s.x0.map(shortest).join(", ")}], steps=${steps}) for optimizer in optimizers]
for run in runs:
    print(run.optimizer, ss.diagnose(run), sep=": ")
`;
}
