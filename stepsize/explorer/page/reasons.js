// A verdict in one sentence, the one that Python's `diagnose` says.

import { tracesOf } from "./traces.js";
import { fixed, general, scientific } from "./printing.js";
import { maxOf, minOf } from "./settling.js";
import { classify } from "./verdict.js";

/** @typedef {import("./descent.js").Run} Run @typedef {import("./traces.js").Traces} Traces */

/** @param {number} error @param {number} start */
const ofStart = (error, start) =>
  !Number.isFinite(error) || start === 0 ? general(error, 2) : `${general(error / start, 2)} of the start's`;

/** @param {number} part */
const percent = (part) => `${fixed(100 * part, 0)} %`;

/** A verdict and one sentence on why. @param {Run} run @param {number} [tol] */
export function diagnose(run, tol = 1e-8) {
  const c = tracesOf(run, tol), found = classify(c);
  return { ...found, tolerance: c.tolerance, reason: reasonOf(run, c, found, tol) };
}

/** @param {Run} run @param {Traces} c @param {ReturnType<typeof classify>} found @param {number} tol */
function reasonOf(run, c, found, tol) {
  const what = c.known ? "gap" : "gradient norm", start = Math.abs(c.error[0]), { nit } = run;
  const left = ofStart(found.error, start), from = Math.max(c.error.length - Math.max(Math.floor(nit / 4), 1), 0);
  const after = `${nit} update${nit === 1 ? "" : "s"}`;
  switch (found.verdict) {
    case "failed":
      return failureReason(run, c);
    case "settled":
    case "settled, crossing":
    case "settled, ringing": {
      const bound = c.tolerance > tol * start ? "what rounding hides" : `${general(tol, 6)} of the start's`;
      const when = `the ${what} is at most ${bound} from update ${found.settled} on`;
      if (found.verdict === "settled") return when;
      if (found.verdict === "settled, ringing") return `${when}, but ${percent(found.uphill)} of the updates until then went uphill`;
      return `${when}, although ${percent(found.overshoot)} of the updates until then passed the lowest point of their line`;
    }
    case "diverged":
      if (run.diverged) return `loss or gradient became inf or nan after ${after}; a smaller rate may help`;
      return `the ${what} is diverging: it grows by a factor of ${factorText(found.factor)} an update, and ends at ${left}; a smaller rate may help`;
    case "falling without end":
      if (run.diverged) return `the loss fell until it overflowed, after ${after}: it has no minimum in sight`;
      return "the loss falls at every late update and the gradient does not shrink: there is no minimum in sight, as where the loss has no lower bound";
    case "frozen": {
      const part = c.rate[nit - 1] / maxOf(c.rate);
      const rate = part ? `the rate that is left is ${scientific(part, 1)} of the largest` : "the rate has fallen to 0";
      return `${rate}, and the ${what} stays at ${left}: more updates cannot help, a slower decay can`;
    }
    case "stuck above the minimum":
      return stuckReason(c, what, left);
    case "bouncing": {
      const low = ofStart(minOf(c.error, from), start), high = ofStart(maxOf(c.error, from), start);
      const lowest = minOf(c.error);
      const stopped = low === high ? `at ${high}` : `between ${low.split(" ")[0]} and ${high}`;
      const where = minOf(c.error, from) > 10 * lowest ? `came back up, to ${high}, from ${ofStart(lowest, start)}` : `stopped falling, ${stopped}`;
      return `the ${what} ${where}: of the late updates ${percent(found.crosses)} overshoot, ${percent(found.climbs)} go uphill`;
    }
  }
  if (nit === 0) return "no update was made";
  const top = maxOf(c.error, from);
  if (top > 10 * c.error[c.error.length - 1]) return `the ${what}, in the last quarter up to ${ofStart(top, start)}, is ${pace(c, found.factor)}`;
  return `the ${what} is ${left} and ${pace(c, found.factor)}`;
}

/** @param {Run} run @param {Traces} c */
function failureReason(run, c) {
  if (run.failure) {
    const where = run.failure === "fun" ? "x and the gradient are finite" : "x is finite";
    return `${run.failure} returned nan at update ${run.failedAt}, where ${where}; try check_gradient at the last point`;
  }
  if (c.known && c.error[c.error.length - 1] < 0) return "the loss ends below the minimum that the problem states, which therefore is none";
  return "the loss rises at most updates although the gradient says that it falls, so the gradient does not belong to the function; try check_gradient";
}

/** @param {Traces} c @param {string} what @param {string} left */
function stuckReason(c, what, left) {
  const end = c.norm.length - 1;
  if (c.step[end - 1] <= c.still) {
    const why = c.norm[end] === 0 ? "the gradient is 0 there" : "the updates no longer change x";
    return `the ${what} stays at ${left}: ${why}${c.rate[end - 1] ? "" : ", the rate is 0"}`;
  }
  if (c.norm[end] <= 1e-3 * c.norm[0])
    return `the ${what} stays at ${left}, where the gradient norm is ${ofStart(c.norm[end], c.norm[0])}: another minimum, a saddle or a plateau`;
  return `the ${what} stays at ${left}: the loss no longer falls beyond rounding`;
}

/** A factor with as many digits as tell it from 1. @param {number} factor */
function factorText(factor) {
  const near = Math.abs(factor - 1);
  const digits = near ? Math.max(2, 1 - Math.floor(Math.log10(near))) : 2;
  const text = fixed(factor, digits);
  return text.includes(".") ? text.replace(/0+$/, "").replace(/\.$/, "") : text.replace(/0+$/, "");
}

/** @param {Traces} c @param {number} factor */
function pace(c, factor) {
  const part = 100 * (1 - factor), length = c.fun.length, window = Math.max(Math.floor((length - 1) / 4), 1);
  if (part >= 1e-3) return `still falling, by ${general(part, 2)} % an update`;
  if (part > 0) return "still falling, by less than 0.001 % an update";
  if (maxOf(c.fun, length - window) < maxOf(c.fun, Math.max(length - 2 * window, 0), length - window)) return "not falling yet, but the loss is";
  return "not falling yet: too early to tell where it goes";
}
