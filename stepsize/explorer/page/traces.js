// What the verdicts look at: the traces of a run, and what rounding hides of them.

import { EPS, lengthOf } from "./descent.js";
import { larger } from "./numbers.js";

/** @typedef {import("./descent.js").Run} Run */

export const ROUNDING = 16 * EPS;

/** What the conditions look at. @param {Run} run @param {number} tol */
export function tracesOf(run, tol) {
  const { problem, dim: d, nit } = run, known = problem.minimum !== null;
  const points = run.output ?? run.x;
  const whole = (/** @type {(p: Float64Array) => number} */ f) =>
    Float64Array.from({ length: nit + 1 }, (_, n) => f(points.subarray(n * d, n * d + d)));
  const slope = new Float64Array(d);
  const slopeNorm = (/** @type {Float64Array} */ p) => {
    problem.slope(p, slope);
    return lengthOf(slope[0], d > 1 ? slope[1] : 0);
  };
  const fun = run.outputF ?? run.f;
  const minimum = problem.minimum ?? NaN;
  const error = known ? fun.map((v) => v - minimum) : run.noisy ? whole(slopeNorm) : run.norm;
  const norm = run.output ? whole(slopeNorm) : run.norm;
  const step = run.output ? Float64Array.from({ length: nit }, (_, n) => {
    const i = n * d;
    return lengthOf(points[i + d] - points[i], d > 1 ? points[i + d + 1] - points[i + 1] : 0);
  }) : run.step;
  const summed = Math.max(Math.abs(problem.minimum ?? 0), Math.abs(problem.summed ?? 0));
  const floorOf = (/** @type {number} */ from) => {
    let seen = 0;
    for (let i = Math.max(from, 0); i <= nit; i++) if (Number.isFinite(fun[i])) seen = Math.max(seen, Math.abs(fun[i]));
    return ROUNDING * Math.max(seen, summed);
  };
  const nothing = known ? floorOf(nit) : ROUNDING * error[0];
  const last = run.x.subarray(nit * d, nit * d + d);
  let square = 0;
  for (let j = 0; j < d; j++) square += last[j] * last[j];
  return {
    fun, error, norm, step, summed, known, nothing, minimum,
    overshoot: run.overshoot,
    rate: run.rate,
    diverged: run.diverged,
    tolerance: larger(tol * Math.abs(error[0]), nothing),
    floor: floorOf(nit + 1 - Math.max(Math.floor(nit / 4), 1)),
    still: 4 * EPS * Math.sqrt(square),
    exact: !run.noisy && !run.output,
    noisy: run.noisy,
    failure: run.failure,
  };
}

/** @typedef {ReturnType<typeof tracesOf>} Traces */
