// Arithmetic that a browser does not promise to the last bit: powers, exponentials, sines.
// A number is a pair of doubles here, high and low, about 100 bits; what is returned is rounded once.

const SPLIT = 134217729; // 2^27 + 1

/** The error of a product, exactly (Dekker 1971). @param {number} a @param {number} b @param {number} p */
function productError(a, b, p) {
  const ca = SPLIT * a, ah = ca - (ca - a), al = a - ah;
  const cb = SPLIT * b, bh = cb - (cb - b), bl = b - bh;
  return al * bl - (p - ah * bh - al * bh - ah * bl);
}

/** @typedef {[number, number]} Pair */

/** @param {number} a @param {number} b @returns {Pair} */
function quickSum(a, b) {
  const s = a + b;
  return [s, b - (s - a)];
}

/** @param {number} a @param {number} b @returns {Pair} */
function sum(a, b) {
  const s = a + b, t = s - a;
  return [s, a - (s - t) + (b - t)];
}

/** @param {Pair} a @param {Pair} b @returns {Pair} */
function plus(a, b) {
  const s = sum(a[0], b[0]);
  return quickSum(s[0], s[1] + a[1] + b[1]);
}

/** @param {Pair} a @param {Pair} b @returns {Pair} */
function times(a, b) {
  const p = a[0] * b[0];
  return quickSum(p, productError(a[0], b[0], p) + (a[0] * b[1] + a[1] * b[0]));
}

/** @param {Pair} a @param {Pair} b @returns {Pair} */
function over(a, b) {
  const q = a[0] / b[0];
  const r = plus(a, times(b, [-q, 0]));
  return quickSum(q, (r[0] + r[1]) / b[0]);
}

/** @param {Pair} a @returns {Pair} */
const negated = (a) => [-a[0], -a[1]];

/** @type {Pair} */
const LN2 = [0.6931471805599453, 2.3190468138462996e-17];
/** @type {Pair} */
const LN10 = [2.302585092994046, -2.1707562233822494e-16];
/** The sum of x^k / k! over some k, in pairs. @param {Pair} x @param {number} first @param {number} by */
function series(x, first, by) {
  /** @type {Pair} */
  let term = [1, 0];
  for (let k = 1; k <= first; k++) term = over(times(term, x), [k, 0]);
  let total = term;
  for (let k = first + by; k < first + 40; k += by) {
    for (let i = k - by + 1; i <= k; i++) term = over(times(term, x), [i, 0]);
    if (by === 2) term = negated(term);
    total = plus(total, term);
    if (Math.abs(term[0]) <= 1e-35 * Math.abs(total[0])) break;
  }
  return total;
}

/** 2^(i/256) and the sine and cosine of i pi/64, made once. */
const EXPONENTIALS = Array.from({ length: 256 }, (_, i) => series(times(LN2, [i / 256, 0]), 0, 1));
/** @type {Pair} */
const PI = [3.141592653589793, 1.2246467991473532e-16];
const SINES = Array.from({ length: 33 }, (_, i) => series(times(PI, [i / 64, 0]), 1, 2));

/** @param {number} i */
function sineAt(i) {
  const k = ((i % 128) + 128) % 128, half = k % 64;
  const value = SINES[half <= 32 ? half : 64 - half];
  return k < 64 ? value : negated(value);
}

/** @param {Pair} x @returns {[Pair, number]} e^x as a pair, and the power of two that it is to be multiplied by */
function expPair(x) {
  const k = Math.round(x[0] * (256 / LN2[0]));
  const part = times(LN2, [k / 256, 0]);
  const r = plus(x, negated(part));
  const h = r[0];
  const square = times(r, r);
  const tail = h * h * h * (1 / 6 + h * (1 / 24 + h * (1 / 120 + h / 720)));
  const p = plus(r, plus([square[0] / 2, square[1] / 2], [tail, 0]));
  const index = ((k % 256) + 256) % 256;
  const t = EXPONENTIALS[index];
  return [plus(t, times(t, p)), (k - index) / 256];
}

/** x times 2 to the power k, rounded once. @param {number} x @param {number} k */
function scaled(x, k) {
  if (k > 1000) return x * 2 ** 1000 * 2 ** (k - 1000);
  if (k < -1000) return x * 2 ** -1000 * 2 ** (k + 1000);
  return x * 2 ** k;
}

/** @param {number} x */
function exactExp(x) {
  if (!(Math.abs(x) < 745)) return Math.exp(x);
  const [e, k] = expPair([x, 0]);
  return scaled(e[0] + e[1], k);
}

/** The logarithm of a pair near a first guess, by one step of Newton. @param {Pair} x @returns {Pair} */
function logPair(x) {
  // x = m 2^k with m near 1, so that nothing overflows.
  let k = Math.floor(Math.log2(x[0]) + 0.5);
  if (k < -1000) k = -1000;
  /** @type {Pair} */
  const m = [scaled(x[0], -k), scaled(x[1], -k)];
  const guess = Math.log(m[0]);
  const [e, power] = expPair([-guess, 0]);
  const unit = 2 ** power;
  const r = plus(times(m, [e[0] * unit, e[1] * unit]), [-1, 0]);
  const correction = plus(r, [-r[0] * r[0] / 2, 0]);
  return plus(times(LN2, [k, 0]), plus([guess, 0], correction));
}

/** @param {number} x */
function exactLog(x) {
  if (!(x > 0 && x < Infinity)) return Math.log(x);
  const l = logPair([x, 0]);
  return l[0] + l[1];
}

/** The sum of x^k / k (-1)^(k+1), for small x. @param {Pair} x */
function smallLog1p(x) {
  let power = x, total = x;
  for (let k = 2; k < 30; k++) {
    power = negated(times(power, x));
    total = plus(total, over(power, [k, 0]));
  }
  return total;
}

/** @param {number} x */
function exactLog1p(x) {
  if (!(x > -1 && x < Infinity) || x === 0) return Math.log1p(x);
  if (Math.abs(x) < 0.01) return sumOf(smallLog1p([x, 0]));
  return sumOf(logPair(sum(1, x)));
}

/** @param {Pair} a */
const sumOf = (a) => a[0] + a[1];

/** @param {number} x */
function exactExpm1(x) {
  if (!(Math.abs(x) < 700) || x === 0) return Math.expm1(x);
  if (Math.abs(x) < 0.1) return sumOf(series([x, 0], 1, 1));
  return sumOf(plus(expPlain(x), [-1, 0]));
}

/** e^x as a pair, for x of moderate size. @param {number} x @returns {Pair} */
function expPlain(x) {
  const [e, k] = expPair([x, 0]);
  return [scaled(e[0], k), scaled(e[1], k)];
}

/** Sine and cosine as pairs. @param {number} x @returns {[Pair, Pair]} */
function sineAndCosine(x) {
  const k = Math.round(x * (64 / PI[0]));
  const part = times(PI, [k / 64, 0]);
  let r = plus([x, 0], negated(part));
  r = plus(r, [(k / 64) * 2.9947698097183397e-33, 0]); // the third part of pi
  const h = r[0], square = times(r, r), q = square[0];
  const s = plus(r, plus(times(times(r, square), [-1 / 6, -9.25185853854297e-18]), [h * q * q * (1 / 120 - q * (1 / 5040 - q / 362880)), 0]));
  const c = plus([-square[0] / 2, -square[1] / 2], [q * q * (1 / 24 - q * (1 / 720 - q / 40320)), 0]);
  const sine = sineAt(k), cosine = sineAt(k + 32);
  return [
    plus(sine, plus(times(sine, c), times(cosine, s))),
    plus(cosine, plus(times(cosine, c), negated(times(sine, s)))),
  ];
}

/** @param {number} x */
function exactSin(x) {
  if (!(Math.abs(x) < 1e6) || x === 0) return Math.sin(x);
  return sumOf(sineAndCosine(x)[0]);
}

/** @param {number} x */
function exactCos(x) {
  return Math.abs(x) < 1e6 ? sumOf(sineAndCosine(x)[1]) : Math.cos(x);
}

/** @param {number} x */
function exactTan(x) {
  if (!(Math.abs(x) < 1e6) || x === 0) return Math.tan(x);
  const [s, c] = sineAndCosine(x);
  return sumOf(over(s, c));
}

/** Hyperbolic sine and cosine as pairs, for |x| below 700. @param {number} x @returns {[Pair, Pair]} */
function hyperbolic(x) {
  const e = expPlain(x), back = over([1, 0], e);
  const half = (/** @type {Pair} */ a) => /** @type {Pair} */ ([a[0] / 2, a[1] / 2]);
  const sine = Math.abs(x) < 0.5 ? oddSeries(x) : half(plus(e, negated(back)));
  return [sine, half(plus(e, back))];
}

/** x + x^3/6 + x^5/120 + ... @param {number} x */
function oddSeries(x) {
  const square = times([x, 0], [x, 0]);
  /** @type {Pair} */
  let term = [x, 0];
  let total = term;
  for (let k = 3; k < 30; k += 2) {
    term = over(times(term, square), [k * (k - 1), 0]);
    total = plus(total, term);
  }
  return total;
}

/** @param {number} x */
function exactSinh(x) {
  return Math.abs(x) < 700 && x !== 0 ? sumOf(hyperbolic(x)[0]) : Math.sinh(x);
}

/** @param {number} x */
function exactCosh(x) {
  return Math.abs(x) < 700 ? sumOf(hyperbolic(x)[1]) : Math.cosh(x);
}

/** @param {number} x */
function exactTanh(x) {
  if (!(Math.abs(x) < 20) || x === 0) return Math.tanh(x);
  const [s, c] = hyperbolic(x);
  return sumOf(over(s, c));
}

/** @param {number} x */
function exactArctan(x) {
  const guess = Math.atan(x);
  if (!(Math.abs(x) < 1e15) || Math.abs(x) < 1e-8) return guess;
  const [s, c] = sineAndCosine(guess);
  const above = plus(times([x, 0], c), negated(s)), below = plus(c, times([x, 0], s));
  return sumOf(plus([guess, 0], over(above, below)));
}

/** base^exponent for a whole exponent, by squaring pairs. @param {number} base @param {number} exponent */
function wholePower(base, exponent) {
  /** @type {Pair} */
  let result = [1, 0];
  /** @type {Pair} */
  let square = [base, 0];
  for (let left = Math.abs(exponent); left > 0; left = Math.floor(left / 2)) {
    if (left % 2) result = times(result, square);
    if (left > 1) square = times(square, square);
  }
  return sumOf(exponent < 0 ? over([1, 0], result) : result);
}

/** What Python's C library rounds otherwise, by base and exponent. @type {Map<number, Map<number, number>>} */
const others = new Map();

/** Learn which powers Python has otherwise: each base with its exponents, negative where the power is a unit in
 * the last place lower, and with their distance where it is further. @param {[number, ...(number | [number, number])[]][]} told */
export function learnPowers(told) {
  others.clear();
  for (const [base, ...list] of told)
    others.set(base, new Map(list.map((item) => {
      const [exponent, units] = Array.isArray(item) ? item : [Math.abs(item), Math.sign(item)];
      return [exponent, moved(nearestPower(base, exponent), units)];
    })));
}

/** The double so many units in the last place away. @param {number} value @param {number} units */
function moved(value, units) {
  const bits = new BigInt64Array(Float64Array.of(value).buffer);
  bits[0] += BigInt(units);
  return new Float64Array(bits.buffer)[0];
}

/**
 * base^exponent as Python has it: what it was found to round otherwise, or else the nearest number.
 * @param {number} base @param {number} exponent
 */
export const power = (base, exponent) => others.get(base)?.get(exponent) ?? nearestPower(base, exponent);

/** base^exponent, rounded once. @param {number} base @param {number} exponent */
export function nearestPower(base, exponent) {
  const rough = Math.pow(base, exponent);
  if (exponent === 0 || base === 1) return 1;
  if (!Number.isFinite(rough) || rough === 0 || !Number.isFinite(base) || exponent === 1) return rough;
  if (Number.isInteger(exponent) && Math.abs(exponent) < 2 ** 31) {
    const found = wholePower(base, exponent);
    if (Number.isFinite(found) && Math.abs(found) > 1e-280) return found;
  }
  if (exponent === 0.5) return Math.sqrt(base);
  if (base < 0 || Math.abs(rough) < 1e-280) return rough;
  const [e, k] = expPair(times(logPair([base, 0]), [exponent, 0]));
  return scaled(e[0] + e[1], k);
}

// What the generated code calls. A picture takes the browser's own functions, which are quicker; a run does not.
export let exp = exactExp, log = exactLog, sin = exactSin, cos = exactCos, sinh = exactSinh, cosh = exactCosh;
export let tanh = exactTanh, arctan = exactArctan, log1p = exactLog1p, expm1 = exactExpm1, tan = exactTan;

/**
 * Do some work with the browser's own functions.
 * @template T
 * @param {() => T} work
 * @returns {T}
 */
export function quickly(work) {
  [exp, log, sin, cos, sinh, cosh] = [Math.exp, Math.log, Math.sin, Math.cos, Math.sinh, Math.cosh];
  [tanh, arctan, log1p, expm1, tan] = [Math.tanh, Math.atan, Math.log1p, Math.expm1, Math.tan];
  try {
    return work();
  } finally {
    [exp, log, sin, cos, sinh, cosh] = [exactExp, exactLog, exactSin, exactCos, exactSinh, exactCosh];
    [tanh, arctan, log1p, expm1, tan] = [exactTanh, exactArctan, exactLog1p, exactExpm1, exactTan];
  }
}

/** @param {number} x */
export const exp2 = (x) => power(2, x);
/** @param {number} x */
export const log2 = (x) => (x > 0 && x < Infinity ? sumOf(over(logPair([x, 0]), LN2)) : Math.log2(x));
/** @param {number} x */
export const log10 = (x) => (x > 0 && x < Infinity ? sumOf(over(logPair([x, 0]), LN10)) : Math.log10(x));
export const arcsin = Math.asin, arccos = Math.acos, cbrt = Math.cbrt, arctan2 = Math.atan2;
/** @param {number} a @param {number} b */
export const hypot = (a, b) => Math.hypot(a, b);

/** @param {number} a @param {number} b */
export const larger = (a, b) => (a >= b || a !== a ? a : b);
/** @param {number} a @param {number} b */
export const smaller = (a, b) => (a <= b || a !== a ? a : b);
/** @param {number} a */
export const signOf = (a) => (a !== a || a === 0 ? a : a > 0 ? 1 : -1);

/** The whole number e with a = m 2^e and m from 1/2 to below 1. @param {number} a */
export function binaryExponent(a) {
  const size = Math.abs(a);
  if (!(size > 0 && size < Infinity)) return 0;
  let e = Math.floor(Math.log2(size)) + 1;
  if (scaled(size, -e) >= 1) e += 1;
  if (scaled(size, -e) < 0.5) e -= 1;
  return e;
}

/** The nearest whole number, of two the even one. @param {number} a */
export function toEven(a) {
  const below = Math.floor(a), rest = a - below;
  if (rest < 0.5) return below;
  return rest > 0.5 || below % 2 !== 0 ? below + 1 : below;
}

/** a modulo b with the sign of b. @param {number} a @param {number} b */
export function remainder(a, b) {
  const r = a % b;
  return r !== 0 && r < 0 !== b < 0 ? r + b : r;
}

/** How often b goes into a, rounded down. @param {number} a @param {number} b */
export function wholeQuotient(a, b) {
  if (b === 0) return a / b;
  const quotient = (a - remainder(a, b)) / b, below = Math.floor(quotient);
  return quotient - below > 0.5 ? below + 1 : below;
}

/** @type {Map<string, Float64Array>} */
const held = new Map();

/** Numbers that Python packed, unpacked once. @param {string} text @returns {Float64Array} */
export function unpacked(text) {
  let found = held.get(text);
  if (!found) {
    const letters = atob(text), count = letters.length / 8, bytes = new Uint8Array(letters.length);
    for (let i = 0; i < bytes.length; i++) bytes[(i % count) * 8 + Math.floor(i / count)] = letters.charCodeAt(i);
    found = new Float64Array(bytes.buffer);
    held.set(text, found);
  }
  return found;
}

/**
 * The mean logistic loss of some examples, and its gradient.
 * @typedef {{A: string, s: string, penalty: number[]}} Examples the features of all of them, and their signs
 * @param {Examples} data @param {ArrayLike<number>} x
 */
export function logisticValue(data, x) {
  const A = unpacked(data.A), d = data.penalty.length;
  let total = 0;
  for (let i = 0; i < data.s.length; i++) {
    const z = A[i * d] * x[0] + (d > 1 ? A[i * d + 1] * x[1] : 0), m = data.s[i] === "+" ? z : -z;
    total += Math.max(-m, 0) + log1p(exp(-Math.abs(m)));
  }
  let penalty = 0;
  for (let j = 0; j < data.penalty.length; j++) penalty += data.penalty[j] * x[j] * x[j];
  return total / data.s.length + penalty / 2;
}

/** @param {Examples} data @param {ArrayLike<number>} x @param {Float64Array | number[]} g */
export function logisticSlope(data, x, g) {
  const A = unpacked(data.A), d = data.penalty.length;
  for (let j = 0; j < d; j++) g[j] = 0;
  for (let i = 0; i < data.s.length; i++) {
    const s = data.s[i] === "+" ? 1 : -1, m = s * (A[i * d] * x[0] + (d > 1 ? A[i * d + 1] * x[1] : 0));
    const e = exp(-Math.abs(m)), away = -s * (m >= 0 ? e / (1 + e) : 1 / (1 + e));
    for (let j = 0; j < d; j++) g[j] += away * A[i * d + j];
  }
  for (let j = 0; j < d; j++) g[j] = g[j] / data.s.length + data.penalty[j] * x[j];
}
