// One run: the loop and the record of Python's `minimize`, operation by operation.

/**
 * @typedef {object} Landscape
 * @property {number} dim
 * @property {number | null} minimum
 * @property {number | null} summed the size of what a value near the minimum is summed from
 * @property {[number[], number[]] | null} feasible
 * @property {(x: ArrayLike<number>) => number} value
 * @property {(x: ArrayLike<number>, g: Float64Array) => void} slope
 *
 * @typedef {object} Rule
 * @property {number} slots
 * @property {boolean} separate
 * @property {number} rate where the rate stands among the rule's numbers
 * @property {(S: Float64Array, d: number, h: number[]) => void} start
 * @property {(S: Float64Array, d: number, h: number[], told?: number[][]) => void} update tells the numbers on its way
 * @property {(S: Float64Array, d: number, h: number[], into: Float64Array) => void} output
 *
 * @typedef {object} Driver a rule with its numbers; `schedules` drive some of them, by their place
 * @property {Rule} rule
 * @property {number[]} numbers
 * @property {Map<number, (n: number) => number>} schedules
 *
 * @typedef {object} Noise normal numbers, two an update, and the deviation that multiplies them
 * @property {Float64Array} table
 * @property {number} sigma
 *
 * @typedef {object} Run
 * @property {Landscape} problem
 * @property {number} dim
 * @property {number} nit
 * @property {Float64Array} x
 * @property {Float64Array} f
 * @property {Float64Array} g
 * @property {Float64Array} norm
 * @property {Float64Array} rate
 * @property {Float64Array} step
 * @property {Uint8Array} overshoot
 * @property {Float64Array | null} output
 * @property {Float64Array | null} outputF
 * @property {boolean} diverged
 * @property {string} failure
 * @property {number} failedAt
 * @property {boolean} noisy
 */

export const EPS = 2 ** -52;
const LEAST = 2.2250738585072014e-308 / EPS ** 2;

/** The largest power of two that is no larger than one of the numbers. @param {number} a @param {number} b */
function powerOfTwo(a, b) {
  const largest = Math.max(Math.abs(a), Math.abs(b));
  if (!(largest > 0) || largest === Infinity) return 1;
  let exponent = Math.floor(Math.log2(largest));
  if (exponent > -1022 && 2 ** exponent > largest) exponent -= 1;
  if (2 ** (exponent + 1) <= largest) exponent += 1;
  return 2 ** exponent;
}

/** The length of a vector, also where its square overflows or vanishes. @param {number} a @param {number} b */
export function lengthOf(a, b) {
  const square = a * a + b * b;
  if (square > LEAST && square < Infinity) return Math.sqrt(square);
  const unit = powerOfTwo(a, b), p = a / unit, q = b / unit;
  return unit * Math.sqrt(p * p + q * q);
}

/** @param {Landscape} problem @param {ArrayLike<number>} x @param {Float64Array} g @param {Noise | null} noise @param {number} n */
function slopeAt(problem, x, g, noise, n) {
  problem.slope(x, g);
  if (noise) for (let j = 0; j < problem.dim; j++) g[j] += noise.sigma * noise.table[2 * n + j];
}

/** The numbers of update n. @param {Driver} driver @param {number[]} h @param {number} n */
export function numbersAt(driver, h, n) {
  h[0] = n + 1;
  for (let i = 0; i < driver.numbers.length; i++) h[i + 1] = driver.numbers[i];
  for (const [i, schedule] of driver.schedules) h[i + 1] = schedule(n);
}

/**
 * Descend.
 * @param {Landscape} problem @param {Driver} driver @param {number[]} x0 @param {number} steps
 * @param {Noise | null} [noise]
 * @returns {Run}
 */
export function descend(problem, driver, x0, steps, noise = null) {
  const d = problem.dim, { rule } = driver;
  const S = new Float64Array((2 + rule.slots) * d), h = [0];
  const x = new Float64Array((steps + 1) * d), f = new Float64Array(steps + 1), g = new Float64Array((steps + 1) * d);
  const rate = new Float64Array(steps);
  const output = rule.separate ? new Float64Array((steps + 1) * d) : null;
  const point = new Float64Array(d), slope = new Float64Array(d);
  for (let j = 0; j < d; j++) S[j] = x0[j];
  numbersAt(driver, h, 0);
  rule.start(S, d, h);

  let nit = 0, diverged = false;
  const lost = { x: /** @type {number[]} */ ([]), f: 0, g: /** @type {number[]} */ ([]) };
  for (let n = 0; n <= steps; n++) {
    if (n > 0) {
      numbersAt(driver, h, n - 1);
      rule.update(S, d, h);
      if (problem.feasible) clip(S, d, problem.feasible);
    }
    for (let j = 0; j < d; j++) point[j] = S[j];
    const value = problem.value(point);
    slopeAt(problem, point, slope, noise, n);
    if (!(Number.isFinite(value) && slope.every(Number.isFinite))) {
      diverged = true;
      Object.assign(lost, { x: [...point], f: value, g: [...slope] });
      break;
    }
    f[n] = value;
    for (let j = 0; j < d; j++) {
      x[n * d + j] = point[j];
      S[d + j] = g[n * d + j] = slope[j];
    }
    if (output) rule.output(S, d, h, output.subarray(n * d, (n + 1) * d));
    if (n > 0) rate[n - 1] = h[1 + rule.rate];
    nit = n;
  }
  return recorded({ problem, dim: d, nit, x, f, g, rate, output, diverged, noisy: noise !== null }, lost);
}

/** @param {Float64Array} S @param {number} d @param {[number[], number[]]} box */
function clip(S, d, [low, high]) {
  for (let j = 0; j < d; j++) S[j] = Math.min(Math.max(S[j], low[j]), high[j]);
}

/** Cut a record to its updates, and add lengths, overshoot and what failed. @param {any} r @param {any} lost @returns {Run} */
function recorded(r, lost) {
  const { dim: d, nit, problem } = r;
  const x = r.x.slice(0, (nit + 1) * d), g = r.g.slice(0, (nit + 1) * d);
  const at = (/** @type {Float64Array} */ a, /** @type {number} */ n) => lengthOf(a[n * d], d > 1 ? a[n * d + 1] : 0);
  const norm = new Float64Array(nit + 1), step = new Float64Array(nit), overshoot = new Uint8Array(nit);
  for (let n = 0; n <= nit; n++) norm[n] = at(g, n);
  for (let n = 0; n < nit; n++) {
    const i = n * d, a = x[i + d] - x[i], b = d > 1 ? x[i + d + 1] - x[i + 1] : 0;
    step[n] = lengthOf(a, b);
    const slope = d > 1 ? a * g[i + d] + b * g[i + d + 1] : a * g[i + d];
    const bend = lengthOf(g[i + d] - g[i], d > 1 ? g[i + d + 1] - g[i + 1] : 0);
    const floor = 4 * EPS * (step[n] * (norm[n + 1] + norm[n]) + at(x, n + 1) * bend);
    overshoot[n] = slope > floor ? 1 : 0;
  }
  const output = r.output ? r.output.slice(0, (nit + 1) * d) : null;
  const outputF = output ? Float64Array.from({ length: nit + 1 }, (_, n) => problem.value(output.subarray(n * d, n * d + d))) : null;
  const failure = r.diverged ? failureOf(x, r.f, norm, nit, d, lost) : "";
  return { ...r, x, g, norm, step, overshoot, output, outputF, failure, failedAt: nit + 1, f: r.f.slice(0, nit + 1), rate: r.rate.slice(0, nit) };
}

/**
 * Whose fault a nan is: the run's, which overflowed, or the function's, which broke at an ordinary point.
 * @param {Float64Array} x @param {Float64Array} f @param {Float64Array} norm @param {number} nit @param {number} d @param {any} lost
 */
function failureOf(x, f, norm, nit, d, lost) {
  const size = (/** @type {ArrayLike<number>} */ p) => {
    let most = 0;
    for (let j = 0; j < d; j++) most = Math.abs(p[j]) > most || p[j] !== p[j] ? Math.abs(p[j]) : most;
    return most;
  };
  const slope = lengthOf(lost.g[0], d > 1 ? lost.g[1] : 0);
  const ordinary =
    size(lost.x) < 1e30 * Math.max(size(x.subarray(0, d)), 1) && Math.abs(f[nit]) < 1e150 && norm[nit] < 1e150;
  const fun = ordinary && Number.isNaN(lost.f) && Math.abs(slope) !== Infinity;
  const grad = ordinary && Number.isNaN(slope) && Math.abs(lost.f) !== Infinity;
  return [fun && "fun", grad && "grad"].filter(Boolean).join(" and ");
}

/**
 * The state before update n, by making the run again up to there.
 * @param {Run} run @param {Driver} driver @param {number} n
 */
export function stateBefore(run, driver, n) {
  const d = run.dim, S = new Float64Array((2 + driver.rule.slots) * d), h = [0];
  for (let j = 0; j < d; j++) S[j] = run.x[j];
  numbersAt(driver, h, 0);
  driver.rule.start(S, d, h);
  for (let k = 0; k <= n; k++) {
    for (let j = 0; j < d; j++) {
      S[j] = run.x[k * d + j];
      S[d + j] = run.g[k * d + j];
    }
    numbersAt(driver, h, k);
    if (k < n) driver.rule.update(S, d, h);
  }
  return { S, h };
}
