// A card for each optimizer: its rule, a slider and an exact box for every number, its schedule.

import { DASHES, filled, markPath, n, palette, svg, tag } from "./drawing.js";
import { landscapeOf, rateOf, stepsOf, valuesOf } from "./experiment.js";
import { general, shortest } from "./printing.js";
import { DATA, allowed, choiceOf, named, scheduleOf } from "./state.js";
import { limitOf } from "./theory.js";
import { TEXT } from "./words.js";

const FINE = 1000;

/** @typedef {{value: (position: number) => number, position: (value: number) => number}} Scale */

/** How a slider's way from 0 to 1 becomes a number: rates by powers of ten, memories by how much they forget.
 * @param {any} p @param {number} around @param {number} steps @returns {Scale} */
export function scaleOf(p, around, steps) {
  const name = p.path.split("/").pop(), three = (/** @type {number} */ v) => Number(v.toPrecision(3));
  if (p.whole) return linear(Math.max(p.minimum ?? 0, 1), Math.max(steps, 2 * p.value), Math.round);
  if (p.below === 1 || /^(momentum|beta\d?|rho|decay|share|most)$/.test(name))
    return {
      value: (t) => Number((1 - 10 ** (-3 * t)).toFixed(t > 0.67 ? 4 : 3)),
      position: (v) => clamp(-Math.log10(Math.max(1 - v, 1e-3)) / 3),
    };
  if (/^eps|^eps_root/.test(name)) return powers(1e-16, 1, three);
  if (name === "lr" || name === "d" || (p.value > 0 && p.value < 1)) {
    const low = 10 ** Math.floor(Math.log10(around || 0.01) - 1.5);
    return p.minimum === 0 && name !== "lr" ? withZero(powers(low, low * 1e4, three)) : powers(low, low * 1e4, three);
  }
  if (p.minimum === 0 || p.value === 0) return withZero(powers(1e-4, Math.max(1, 10 * p.value), three));
  const reach = Math.max(2 * Math.abs(p.value), 1);
  return linear(p.minimum ?? -reach, p.value + reach, three);
}

const clamp = (/** @type {number} */ t) => Math.min(Math.max(t, 0), 1);

/** @param {number} low @param {number} high @param {(v: number) => number} round @returns {Scale} */
const linear = (low, high, round) => ({ value: (t) => round(low + t * (high - low)), position: (v) => clamp((v - low) / (high - low)) });

/** @param {number} low @param {number} high @param {(v: number) => number} round @returns {Scale} */
const powers = (low, high, round) => ({
  value: (t) => round(low * (high / low) ** t),
  position: (v) => clamp(Math.log(Math.max(v, low) / low) / Math.log(high / low)),
});

/** @param {Scale} scale @returns {Scale} */
const withZero = (scale) => ({
  value: (t) => (t <= 0.02 ? 0 : scale.value((t - 0.02) / 0.98)),
  position: (v) => (v <= 0 ? 0 : 0.02 + 0.98 * scale.position(v)),
});

/** What a number is called on the page. @param {string} path */
const short = (path) => path.replace(/^.*\//, "").replaceAll("_", " ");

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
  if (choice.schedule) return `${choice.rule}, ${choice.schedule.name}`;
  return `${choice.rule}, lr ${general(choice.numbers[rate], 3)}`;
}

/** A slider with its exact box. @param {any} p @param {number} value @param {Scale} scale @param {string} who
 * @param {(value: number) => void} change @param {{rate: number, text: string} | null} limit */
function numberRow(p, value, scale, who, change, limit) {
  const name = short(p.path), called = `${who}: ${name}`;
  const slider = tag("input", { type: "range", min: 0, max: FINE, step: 1, "aria-label": called, class: "slider" });
  const box = tag("input", { type: "text", inputmode: "decimal", class: "box", "aria-label": `${called}, exact`, spellcheck: "false", autocomplete: "off" });
  const show = (/** @type {number} */ v, /** @type {boolean} */ slid) => {
    if (!slid) slider.value = String(Math.round(scale.position(v) * FINE));
    slider.setAttribute("aria-valuetext", general(v, 6));
    slider.style.setProperty("--done", `${(Number(slider.value) / FINE) * 100}%`);
    box.value = shortest(v).replace(/\.0$/, "");
    box.removeAttribute("aria-invalid");
    box.title = "";
  };
  show(value, false);
  slider.addEventListener("input", () => {
    const v = scale.value(Number(slider.value) / FINE);
    if (!allowed(p, v)) return;
    show(v, true);
    change(v);
  });
  box.addEventListener("change", () => {
    const v = box.value.trim() === "" ? NaN : Number(box.value.trim().replace("−", "-"));
    if (allowed(p, v)) {
      show(v, false);
      change(v);
      return;
    }
    box.setAttribute("aria-invalid", "true");
    box.title = `${name}: ${TEXT.invalid}${p.above !== null && p.above !== undefined ? ` ${TEXT.above} ${p.above}` : ""}${p.minimum !== null && p.minimum !== undefined ? ` ${TEXT.from} ${p.minimum}` : ""}${p.below !== null && p.below !== undefined ? ` ${TEXT.below} ${p.below}` : ""}`;
  });
  const track = tag("span", { class: "track" }, [slider]);
  const row = tag("div", { class: "number" }, [tag("span", { class: "name", "aria-hidden": "true" }, [name]), track, box]);
  if (limit) {
    track.append(tag("span", { class: "limit", "aria-hidden": "true" }));
    row.append(tag("span", { class: "limit-text" }));
    markLimit(row, limit, scale);
  }
  return row;
}

/** Put theory's limit where it is. @param {HTMLElement} row @param {{rate: number, text: string}} limit @param {Scale} scale */
function markLimit(row, limit, scale) {
  /** @type {HTMLElement} */ (row.querySelector(".limit")).style.setProperty("--at", String(scale.position(limit.rate)));
  /** @type {HTMLElement} */ (row.querySelector(".limit-text")).textContent = `${limit.text} = ${general(limit.rate, 3)}`;
}

/** A small curve of a schedule. @param {any} schedule @param {number} steps @param {number} index */
function scheduleCurve(schedule, steps, index) {
  const value = valuesOf(schedule), count = Math.min(steps, 150), width = 220, height = 36;
  const values = Array.from({ length: count }, (_, i) => value(Math.floor((i * steps) / count))), high = Math.max(...values, 1e-300);
  const d = values.map((v, i) => `${i ? "L" : "M"}${n((i / Math.max(count - 1, 1)) * width)} ${n(height - 2 - (Math.max(v, 0) / high) * (height - 4))}`).join("");
  return svg("svg", { class: "curve", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" }, [
    svg("path", { d, fill: "none", stroke: palette().runs[index], "stroke-width": 2, "vector-effect": "non-scaling-stroke" }),
  ]);
}

/** @param {string} label @param {{name: string}[]} items @param {string} value @param {(name: string) => void} change @param {string | null} [none] */
export function chooser(label, items, value, change, none = null) {
  const options = items.map(({ name }) => tag("option", { value: name, selected: name === value ? "" : null }, [name]));
  if (none !== null) options.unshift(tag("option", { value: "" }, [none]));
  const select = tag("select", { "aria-label": label }, options);
  select.value = value;
  select.addEventListener("change", () => change(select.value));
  return select;
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
    state.optimizers[index] = choiceOf(name, sameRate(choice, rule));
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

/** Keep the rate where the new rule has the size of the old one's. @param {any} choice @param {any} rule */
const sameRate = (choice, rule) => ({ lr: choice.numbers[rateOf(rule)] });

/** The rows of a card: of one that is closed the rate alone. @param {any} state @param {number} index @param {string} who @param {(anew: boolean) => void} change */
function rows(state, index, who, change) {
  const choice = state.optimizers[index], rule = named(DATA.rules, choice.rule), rate = rateOf(rule), open = index === state.chosen;
  const found = /** @type {Element[]} */ ([]), place = landscapeOf(state.problem), momentum = rule.parameters.findIndex((/** @type {any} */ p) => p.path === "momentum");
  let moveLimit = () => {};
  rule.parameters.forEach((/** @type {any} */ p, /** @type {number} */ i) => {
    if ((i === rate && choice.schedule) || (i !== rate && !open)) return;
    const limitNow = () => limitOf(choice.rule, place.L, choice.numbers[momentum] ?? 0);
    const limit = i === rate && !choice.schedule ? limitNow() : null;
    const scale = scaleOf(p, limit?.rate ? limit.rate / 2 : i === rate ? choice.numbers[i] : p.value, state.steps);
    const row = numberRow(p, choice.numbers[i], scale, who, (v) => {
      choice.numbers[i] = v;
      if (i === momentum) moveLimit();
      change(false);
    }, limit);
    if (limit) moveLimit = () => markLimit(row, limitNow() ?? limit, scale);
    found.push(row);
  });
  if (!open && !choice.schedule) return found;
  if (open) found.push(scheduleRow(choice, who, rate, change));
  if (choice.schedule) found.push(...scheduleRows(state, index, who, open, change));
  return found;
}

/** @param {any} choice @param {string} who @param {number} rate @param {(anew: boolean) => void} change */
function scheduleRow(choice, who, rate, change) {
  const select = chooser(`${who}: ${TEXT.schedule}`, DATA.timetables, choice.schedule?.name ?? "", (name) => {
    choice.schedule = name ? startedAt(name, choice.numbers[rate]) : null;
    change(true);
  }, TEXT.constant);
  return tag("div", { class: "number" }, [tag("span", { class: "name", "aria-hidden": "true" }, [TEXT.schedule]), select]);
}

/** A schedule that starts at about a rate. @param {string} name @param {number} rate */
function startedAt(name, rate) {
  const known = named(DATA.timetables, name), heights = known.parameters.filter((/** @type {any} */ p) => /(^|\/)lr$/.test(p.path));
  const top = Math.max(...heights.map((/** @type {any} */ p) => p.value));
  const values = Object.fromEntries(heights.map((/** @type {any} */ p) => [p.path, Number(((p.value * rate) / top).toPrecision(3))]));
  const schedule = scheduleOf(name, values);
  if (!heights.length && schedule) {
    const peak = Math.max(...Array.from({ length: 300 }, (_, i) => valuesOf(schedule)(i)).filter(Number.isFinite));
    schedule.times = Number((rate / peak).toPrecision(3)) || 1;
  }
  return schedule;
}

/** @param {any} state @param {number} index @param {string} who @param {boolean} open @param {(anew: boolean) => void} change */
function scheduleRows(state, index, who, open, change) {
  const { schedule } = state.optimizers[index], known = named(DATA.timetables, schedule.name), found = [];
  let curve = scheduleCurve(schedule, stepsOf(state), index);
  const moved = () => {
    const next = scheduleCurve(schedule, stepsOf(state), index);
    curve.replaceWith(next);
    curve = next;
    change(false);
  };
  const times = { path: "times", value: 1, minimum: null, above: 0, below: null, whole: false };
  const heights = known.parameters.some((/** @type {any} */ p) => /(^|\/)lr$/.test(p.path));
  if (!heights) {
    const named = { ...times, path: TEXT.times };
    found.push(numberRow(named, schedule.times, powers(schedule.times / 100, schedule.times * 100, (v) => Number(v.toPrecision(3))), `${who}, ${schedule.name}`, (v) => {
      schedule.times = v;
      moved();
    }, null));
  }
  known.parameters.forEach((/** @type {any} */ p, /** @type {number} */ i) => {
    const height = /(^|\/)lr$/.test(p.path);
    if (!open && !height) return;
    found.push(numberRow(p, schedule.numbers[i], scaleOf(p, schedule.numbers[i], state.steps), `${who}, ${schedule.name}`, (v) => {
      schedule.numbers[i] = v;
      moved();
    }, null));
  });
  if (known.reason && open) found.push(tag("p", { class: "soft" }, [`${schedule.name}: ${TEXT.tabulated} (${known.reason}).`]));
  found.push(curve);
  return found;
}
