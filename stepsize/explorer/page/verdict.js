// What happened in a run, in words: the conditions of Python's `diagnose`, one by one.

import { ROUNDING } from "./traces.js";
import { EPS } from "./descent.js";
import { larger } from "./numbers.js";
import { maxOf, minOf, settledAt } from "./settling.js";

/** @typedef {import("./traces.js").Traces} Traces @typedef {ArrayLike<number>} Rows */

const VANISHES = 1e-3;

/** @param {Rows} flags */
function share(flags) {
  let count = 0;
  for (let i = 0; i < flags.length; i++) count += flags[i] ? 1 : 0;
  return flags.length ? count / flags.length : 0;
}

/** The share of the flags before `until`. @param {Rows} flags @param {number} until */
function shareUntil(flags, until) {
  let count = 0;
  for (let i = 0; i < Math.min(until, flags.length); i++) count += flags[i] ? 1 : 0;
  return until > 0 ? count / until : 0;
}

/** The last windows of a run, and what is compared of them. @param {Traces} c */
function windowsOf(c) {
  const size = Math.max(Math.floor((c.fun.length - 1) / 4), 1);
  const of = (/** @type {any} */ rows, /** @type {number} */ count) =>
    Array.from({ length: count }, (_, i) => {
      const end = rows.length - i * size, part = rows.subarray(Math.max(end - size, 0), Math.max(end, 0));
      return part.length ? part : rows.subarray(0, 1);
    });
  const loss = of(c.fun, 3), norm = of(c.norm, 2), lowest = Math.min(minOf(loss[0]), minOf(loss[1]));
  return {
    size, of, loss, norm, lowest,
    start: c.fun[0],
    step: of(c.step, 1)[0],
    fall: maxOf(loss[1]) - maxOf(loss[0]),
    swing: maxOf(loss[0]) - lowest,
  };
}

/** @typedef {ReturnType<typeof windowsOf>} Windows */

/** How often a loss rose from low to high. @param {Rows} loss @param {Windows} w */
function swingsOf(loss, w) {
  const low = w.lowest + 0.4 * w.swing, high = w.lowest + 0.7 * w.swing;
  let side = loss[0] >= high ? 1 : loss[0] <= low ? 0 : -1, count = 0;
  for (let i = 1; i < loss.length; i++) {
    const next = loss[i] >= high ? 1 : loss[i] <= low ? 0 : side;
    if (next === 1 && side === 0) count += 1;
    side = next;
  }
  return count;
}

/** Whether the largest losses of eight blocks fall, by Kendall's rank test. @param {any} loss */
function fallsBlockByBlock(loss) {
  if (loss.length < 8) return true;
  const tops = [];
  for (let i = 0, at = 0; i < 8; i++) {
    const size = Math.floor(loss.length / 8) + (i < loss.length % 8 ? 1 : 0);
    tops.push(maxOf(loss, at, (at += size)));
  }
  let sum = 0;
  for (let i = 0; i < 8; i++) for (let j = i + 1; j < 8; j++) sum += Math.sign(tops[i] - tops[j]);
  return sum >= 20;
}

/** Whether the envelope falls by less than that from the first half of a window to its second.
 * @param {Rows} rows @param {number} little */
function rests(rows, little) {
  const half = Math.max(Math.floor(rows.length / 2), 1);
  return maxOf(rows, 0, half) - maxOf(rows, half) < little;
}

/** @param {Traces} c @param {Windows} w */
function bounces(c, w) {
  const counts = [swingsOf(w.loss[0], w), swingsOf(w.loss[1], w)], swings = Math.min(...counts);
  const inOrder = fallsBlockByBlock(c.fun.subarray(Math.max(c.fun.length - 2 * w.size, 0)));
  const oscillates = w.swing > c.floor && swings >= 3;
  const falls = w.fall > c.floor && w.fall >= 0.05 * w.swing &&
    (counts[0] < 6 || !rests(w.loss[0], (0.05 / 2) * w.swing) || inOrder);
  const chance = swings >= 12 && w.fall < w.swing && !inOrder;
  const [crossed, before] = w.of(c.overshoot, 2).map(share);
  const alternates = Math.min(crossed, before) >= 0.9 && c.fun.length > 8;
  const largest = maxOf(w.norm[0]);
  const level = largest >= 0.9 * maxOf(w.norm[1]) || (w.size >= 16 && rests(w.norm[0], 0.1 * largest));
  const steadily = w.fall > c.floor && w.fall >= 0.5 * (maxOf(w.loss[2]) - maxOf(w.loss[1]));
  return (oscillates ? !falls || chance : alternates && level && !steadily) || cameBack(c, w);
}

/** @param {Traces} c @param {Windows} w */
function cameBack(c, w) {
  const [last, ...earlier] = w.of(c.error, 3).map((part) => maxOf(part));
  return c.fun.length > 8 && last > 100 * larger(-Infinity, Math.min(...earlier)) && last <= Math.abs(c.error[0]);
}

/** @param {Traces} c @param {Windows} w @param {boolean} bouncing */
function standsStill(c, w, bouncing) {
  const still = maxOf(w.step, w.step.length - Math.max(Math.floor(w.size / 8), 1)) <= c.still;
  const flat = w.swing <= c.floor && Math.abs(w.fall) <= c.floor;
  const before = maxOf(w.norm[1]), last = maxOf(w.norm[0]);
  const normChanges = before > last * (1 + 1e-12) || last > 1.01 * before;
  return still || (flat && !normChanges && !bouncing) || (c.known && arrivesElsewhere(c, w, bouncing));
}

/** @param {Traces} c @param {Windows} w @param {boolean} bouncing */
function arrivesElsewhere(c, w, bouncing) {
  const vanished = settledAt(c.norm, 1e-8 * c.norm[0], 0) >= 0;
  const before = maxOf(w.loss[2]) - maxOf(w.loss[1]);
  const ratio = before > 0 ? w.fall / before : Infinity;
  let toCome = ratio <= 0.5 ? (w.fall * ratio) / (1 - ratio) : Infinity;
  const rows = w.loss[0], first = rows[0], middle = rows[Math.floor(rows.length / 2)], last = rows[rows.length - 1];
  const later = middle < first ? (middle - last) / (first - middle) : last < middle ? Infinity : 0;
  toCome = larger(toCome, later <= 0.75 ? ((middle - last) * later) / (1 - later) : Infinity);
  const small = maxOf(w.norm[0]) <= VANISHES * c.norm[0];
  const [late, previous] = w.of(c.error, 2);
  const limit = toCome <= 1e-3 * c.error[c.error.length - 1] && w.fall >= 0 && small && !bouncing && minOf(late) >= 0.5 * maxOf(late);
  return (vanished || limit) && maxOf(late) > 0.5 * maxOf(previous);
}

/** @param {Traces} c @param {Windows} w */
function isFrozen(c, w) {
  const total = (/** @type {number[]} */ part) => part.reduce((a, b) => a + b, 0);
  const [last, before] = w.of(c.rate, 2).map(total), top = maxOf(c.rate);
  const dead = c.rate[c.rate.length - 1] <= 1e-3 * top && last <= 0.5 * before && top > 0;
  const end = c.fun[c.fun.length - 1], gained = Math.abs(c.fun[c.fun.length - 1 - w.size] - end);
  return dead && gained <= larger(1e-3 * Math.abs(w.start - end), c.floor);
}

/** @param {Traces} c @param {Windows} w */
function grows(c, w) {
  const parts = c.noisy ? 8 : 4, half = Math.max(Math.floor((2 * w.size) / parts), 1), length = c.fun.length;
  const count = Math.min(parts, Math.floor(length / half));
  const tops = Array.from({ length: count }, (_, i) => maxOf(c.fun, length - (i + 1) * half, length - i * half));
  const rises = tops.every((top, i) => i === 0 || top - tops[i - 1] < 0) && tops[0] > w.start + c.floor;
  return rises && -w.fall > larger(c.floor, 0.05 * (maxOf(w.loss[1]) - w.lowest));
}

/** @param {Traces} c @param {Uint8Array} climb @param {Windows} w */
function fallsWithoutEnd(c, climb, w) {
  const { fun, norm } = c, end = fun.length - 1, size = Math.min(w.size, Math.floor(end / 2));
  const gains = [fun[end - 2 * size] - fun[end - size], fun[end - size] - fun[end]];
  const largest = norm[end] >= maxOf(norm) * (1 - 8 * EPS);
  let shrinks = false;
  for (let i = end - 2 * size + 1; i <= end; i++) shrinks ||= norm[i] - norm[i - 1] < -8 * EPS * norm[i];
  const late = size ? climb.subarray(Math.max(climb.length - 2 * size, 0)) : climb;
  const everDown = !late.some(Boolean) && gains[1] > c.floor;
  return everDown && largest && !shrinks && gains[1] >= 0.999 * gains[0] && !(fun[end] > c.minimum);
}

/** By what factor the envelope of the error changed an update. @param {Rows} error */
function factorOf(error) {
  const length = error.length, size = Math.max(Math.floor((length - 1) / 4), 1);
  const last = maxOf(error, length - size);
  const before = length > 1 ? maxOf(error, Math.max(length - 2 * size, 0), length - size) : error[0];
  return before > 0 ? Math.pow(last / before, 1 / size) : 1;
}

/** Apply the conditions. @param {Traces} c */
export function classify(c) {
  const updates = c.error.length - 1;
  let settled = c.diverged ? -1 : settledAt(c.error, c.tolerance, c.nothing);
  const solved = settled >= 0, until = solved ? Math.max(settled, 1) : updates;
  const climb = new Uint8Array(updates);
  for (let i = 0; i < updates; i++) {
    const size = Math.max(Math.abs(c.fun[i]), Math.abs(c.fun[i + 1]), c.summed);
    climb[i] = c.fun[i + 1] - c.fun[i] > ROUNDING * size ? 1 : 0;
  }
  const overshoot = shareUntil(c.overshoot, until), uphill = shareUntil(climb, until);
  let verdict = "still crawling";
  if (solved) verdict = uphill >= 0.1 ? "settled, ringing" : overshoot >= 0.25 ? "settled, crossing" : "settled";
  else if (c.diverged) verdict = leftHow(c);
  else if (updates) verdict = unsettled(c, climb);
  if (isFailed(c, climb, solved)) [verdict, settled] = ["failed", -1];
  const late = (/** @type {Uint8Array} */ flags) => share(flags.subarray(Math.floor(flags.length / 2)));
  return {
    verdict, settled, overshoot, uphill,
    error: c.diverged ? Infinity : c.error[updates],
    crosses: late(c.overshoot),
    climbs: late(climb),
    factor: factorOf(c.error),
  };
}

/** Whether a run left the finite numbers upwards or downwards. @param {Traces} c */
function leftHow(c) {
  const last = c.fun.length - 1, end = c.fun[last];
  const downwards = end < c.fun[0] && end <= minOf(c.fun) && c.norm[last] >= c.norm[0];
  return downwards && !(end > c.minimum) ? "falling without end" : "diverged";
}

/** Whether function, gradient or stated minimum do not belong together. @param {Traces} c @param {Uint8Array} climb @param {boolean} solved */
function isFailed(c, climb, solved) {
  if (solved) return c.known && c.error[climb.length] < -0.01 * Math.abs(c.error[0]);
  if (c.failure !== "") return true;
  if (!c.exact || climb.length < 2) return false;
  let contradicts = 0, changed = 0;
  for (let i = 0; i < climb.length; i++) {
    contradicts += climb[i] && !c.overshoot[i] ? 1 : 0;
    changed += c.fun[i + 1] - c.fun[i] !== 0 ? 1 : 0;
  }
  return contradicts >= Math.max(0.5 * changed, 2);
}

/** Later conditions overrule earlier ones. @param {Traces} c @param {Uint8Array} climb */
function unsettled(c, climb) {
  const w = windowsOf(c), swings = c.fun.subarray(Math.max(c.fun.length - 2 * w.size, 0));
  const late = climb.subarray(Math.max(climb.length - 2 * w.size, 0));
  const bouncing = c.noisy ? share(late) >= 0.1 && !fallsBlockByBlock(swings) : bounces(c, w);
  let word = bouncing ? "bouncing" : "still crawling";
  if (standsStill(c, w, bouncing)) word = "stuck above the minimum";
  if (isFrozen(c, w)) word = "frozen";
  if (grows(c, w)) word = "diverged";
  if (fallsWithoutEnd(c, climb, w)) word = "falling without end";
  return word;
}

