// Lines, marks, scales and colours that all pictures share.

import { general } from "./printing.js";

const NAMESPACE = "http://www.w3.org/2000/svg";

/** @typedef {Record<string, string | number | null | undefined>} Attributes */

/** @param {string} tag @param {Attributes} [attributes] @param {(Element | string)[]} [children] @returns {SVGElement} */
export function svg(tag, attributes = {}, children = []) {
  const element = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null && value !== undefined) element.setAttribute(name, String(value));
  element.append(...children);
  return /** @type {SVGElement} */ (element);
}

/** @param {string} tag @param {Attributes} [attributes] @param {(Element | string)[]} [children] @returns {any} */
export function tag(tag, attributes = {}, children = []) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null && value !== undefined) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

// Okabe and Ito's colours, which colour-blind people can tell apart, and lighter ones for the dark.
const LIGHT = ["#0072b2", "#d55e00", "#00875f", "#b8548c", "#3a8fc4", "#b07a00"];
const DARK = ["#5ab4f0", "#ff9a5c", "#35d0a0", "#f0a0cc", "#a8d8ff", "#f2c14e"];
export const DASHES = ["", "8 4", "2 4", "10 3 2 3", "14 5", "5 2 1 2 1 2"];

/** @typedef {{dark: boolean, text: number, runs: string[], ink: string, soft: string, faint: string, paper: string, line: string, low: string, high: string}} Palette */

/** @type {Palette | null} */
let known = null;

/** The colours of a light or a dark screen, and the size of letters. @returns {Palette} */
export function palette() {
  known ??= mixed();
  return known;
}

/** The screen has changed. */
export function forgetPalette() {
  known = null;
}

/** @returns {Palette} */
function mixed() {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const text = 0.8 * parseFloat(getComputedStyle(document.documentElement).fontSize);
  return dark
    ? { dark, text, runs: DARK, ink: "#eef2f6", soft: "#a9b4c0", faint: "#333d48", paper: "#12181f", line: "#5b6b7c", low: "#2c4a68", high: "#161d25" }
    : { dark, text, runs: LIGHT, ink: "#16202b", soft: "#546170", faint: "#dfe5eb", paper: "#ffffff", line: "#8698aa", low: "#b9cfe4", high: "#ffffff" };
}

/** A mark of its own for each run. @param {number} kind @param {number} x @param {number} y @param {number} r */
export function markPath(kind, x, y, r) {
  const p = (/** @type {[number, number][]} */ points) => `M${points.map(([a, b]) => `${n(x + a * r)} ${n(y + b * r)}`).join("L")}Z`;
  switch (kind % 6) {
    case 0:
      return `M${n(x - r)} ${n(y)}a${n(r)} ${n(r)} 0 1 0 ${n(2 * r)} 0a${n(r)} ${n(r)} 0 1 0 ${n(-2 * r)} 0Z`;
    case 1:
      return p([[-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]]);
    case 2:
      return p([[0, -1.2], [1.1, 0.85], [-1.1, 0.85]]);
    case 3:
      return p([[0, -1.3], [1.3, 0], [0, 1.3], [-1.3, 0]]);
    case 4:
      return p([[-0.4, -1.2], [0.4, -1.2], [0.4, -0.4], [1.2, -0.4], [1.2, 0.4], [0.4, 0.4], [0.4, 1.2], [-0.4, 1.2], [-0.4, 0.4], [-1.2, 0.4], [-1.2, -0.4], [-0.4, -0.4]]);
    default:
      return p([[0, 1.2], [1.1, -0.85], [-1.1, -0.85]]);
  }
}

/** A short number for a path. @param {number} v */
export const n = (v) => (Math.abs(v) < 1e6 ? String(Math.round(v * 10) / 10) : String(Math.sign(v) * 1e6));

/** Round numbers between two, about so many. @param {number} low @param {number} high @param {number} count */
export function ticksBetween(low, high, count) {
  const rough = (high - low) / Math.max(count, 1), power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((k) => k * power).find((s) => s >= rough) ?? rough;
  const found = [];
  for (let k = Math.ceil(low / step); k * step <= high + step * 1e-9 && found.length < 50; k++) found.push(Number((k * step).toPrecision(12)));
  return found;
}

/** Powers of ten between two numbers, not too many. @param {number} low @param {number} high @param {number} count */
export function decadesBetween(low, high, count) {
  const first = Math.ceil(Math.log10(low) - 1e-9), last = Math.floor(Math.log10(high) + 1e-9);
  const rough = (last - first + 1) / count, by = [1, 2, 5, 10, 20, 50, 100].find((k) => k >= rough) ?? 100;
  const found = [];
  for (let k = Math.ceil(first / by) * by; k <= last; k += by) found.push(10 ** k);
  return found;
}

/** A number on an axis. @param {number} v */
export const label = (v) => general(v, 4).replace(/e([+-])0?(\d)/, (_, sign, digit) => `e${sign === "-" ? "-" : ""}${digit}`).replace("-", "−");

/** A power of ten on an axis. @param {number} v */
export const decade = (v) => (v >= 0.01 && v <= 1000 ? label(v) : `1e${String(Math.round(Math.log10(v))).replace("-", "−")}`);

/** Give an element its children, where they changed. @param {Element} element @param {(Element | string)[]} children */
export const filled = (element, children) => element.replaceChildren(...children);

/** Width and height of an element's inside. @param {Element} element @returns {[number, number]} */
export function sizeOf(element) {
  const box = element.getBoundingClientRect();
  return [Math.max(Math.floor(box.width), 60), Math.max(Math.floor(box.height), 40)];
}
