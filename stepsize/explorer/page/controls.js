// The controls that cards are made of: a slider with its exact box, and a chooser.

import { tag } from "./drawing.js";
import { general, shortest } from "./printing.js";
import { allowed } from "./state.js";
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
export const powers = (low, high, round) => ({
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

/** Say that a number may not be so, and what it may be. @param {HTMLElement} control @param {any} p */
export function refuse(control, p) {
  const ends = [[TEXT.above, p.above], [TEXT.from, p.minimum], [TEXT.below, p.below]].filter(([, end]) => (end ?? null) !== null);
  control.setAttribute("aria-invalid", "true");
  control.title = `${short(p.path)}: ${TEXT.invalid}${ends.map((end) => ` ${end.join(" ")}`).join("")}`;
}

/** A slider with its exact box. @param {any} p @param {number} value @param {Scale} scale @param {string} who
 * @param {(value: number) => void} change @param {{rate: number, text: string} | null} [limit]
 * @param {(value: number) => boolean} [accepts] what else a value must satisfy */
export function numberRow(p, value, scale, who, change, limit = null, accepts = () => true) {
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
    if (!allowed(p, v) || !accepts(v)) return;
    show(v, true);
    change(v);
  });
  box.addEventListener("change", () => {
    const v = box.value.trim() === "" ? NaN : Number(box.value.trim().replace("−", "-"));
    if (allowed(p, v) && accepts(v)) {
      show(v, false);
      change(v);
      return;
    }
    refuse(box, p);
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
export function markLimit(row, limit, scale) {
  /** @type {HTMLElement} */ (row.querySelector(".limit")).style.setProperty("--at", String(scale.position(limit.rate)));
  /** @type {HTMLElement} */ (row.querySelector(".limit-text")).textContent = `${limit.text} = ${general(limit.rate, 3)}`;
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
