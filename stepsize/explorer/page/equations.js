// The lines of the coming update, with names, with numbers, and with what comes out.

import { stateBefore } from "./descent.js";
import { filled, tag } from "./drawing.js";
import { general } from "./printing.js";
import { DATA, named } from "./state.js";
import { TEXT } from "./words.js";

const number = (/** @type {number} */ v) => general(v, 5).replaceAll("-", "−");

/** @param {number[]} values */
const vector = (values) => (values.length === 1 ? number(values[0]) : `(${values.map(number).join(", ")})`);

/** A text with numbers in its places. @param {string} text @param {number[][]} rows the numbers of each coordinate */
const withNumbers = (text, rows) =>
  text.replace(/\{(=?)(\d+)\}/g, (_, plain, k) => {
    const values = rows.map((row) => row[Number(k)]);
    return plain ? number(values[0]) : vector(values);
  });

/** The branch and the numbers of an update, for each coordinate. @param {any} rule @param {Float64Array} S @param {number} d @param {number[]} h */
function numbersOf(rule, S, d, h) {
  const told = /** @type {number[][]} */ ([]);
  rule.update(S.slice(), d, h, told);
  return told.length ? told : Array.from({ length: d }, () => [0]);
}

/** @param {string} word @param {string} kind */
const span = (word, kind) => tag("span", { class: kind }, [word]);

/**
 * Show the update after `at` of a run.
 * @param {HTMLElement} into @param {import("./experiment.js").Made | undefined} made @param {string} rule @param {number} at
 */
export function showEquations(into, made, rule, at) {
  if (!made) return filled(into, []);
  if (at >= made.run.nit) return filled(into, [tag("p", { class: "soft" }, [TEXT.ended])]);
  const known = named(DATA.rules, rule), { S, h } = stateBefore(made.run, made.driver, at), d = made.run.dim;
  const rows = numbersOf(made.driver.rule, S, d, h);
  const lines = known.lines[rows[0][0]] ?? [];
  const places = (/** @type {number} */ k) => Array.from({ length: d }, (_, j) => S[k * d + j]);
  const given = [["x", places(0)], ["g", places(1)], ...known.slots.map((/** @type {string} */ slot, /** @type {number} */ k) => [slot, places(k + 2)])];
  const head = tag("p", { class: "given" }, [
    tag("strong", {}, [`t = ${at + 1}`]),
    ...given.map(([name, values]) => span(`${name} = ${vector(/** @type {number[]} */ (values))}`, "known")),
  ]);
  if (!lines.length) return filled(into, [head, tag("p", { class: "soft" }, [TEXT.noSource])]);
  filled(into, [head, tag("ol", { class: "lines" }, lines.map((/** @type {any} */ line) => lineOf(line, rows, rule)))]);
}

/** @param {any} line @param {number[][]} rows @param {string} rule */
function lineOf(line, rows, rule) {
  const shown = withNumbers(line.numbers, rows), value = withNumbers(line.value, rows);
  const parts = [span(`${line.name} ← ${line.text}`, "names")];
  if (line.inside !== rule) parts.push(span(line.inside, "owner"));
  if (shown !== value) parts.push(span(`= ${shown}`, "numbers"));
  parts.push(span(`= ${value}`, "value"));
  return tag("li", {}, parts);
}
