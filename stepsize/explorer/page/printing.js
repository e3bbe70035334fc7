// Numbers as Python prints them: of two nearest numbers the even one, and two digits in an exponent.

/** Digits and exponent of a number, rounded to some significant digits, ties to even.
 * @param {number} x @param {number} digits @returns {[string, number]} */
function rounded(x, digits) {
  const exact = Math.abs(x).toExponential(100), [mantissa, power] = exact.split("e");
  const all = mantissa.replace(".", "");
  if (digits <= 0) return [digits === 0 && (all[0] > "5" || (all[0] === "5" && /[1-9]/.test(all.slice(1)))) ? "1" : "0", Number(power) + 1];
  const kept = all.slice(0, digits), rest = all.slice(digits);
  const tie = /^50*$/.test(rest), up = tie ? Number(kept[kept.length - 1]) % 2 === 1 : rest[0] >= "5";
  const next = up ? String(BigInt(kept) + 1n) : kept;
  return next.length > digits ? [next.slice(0, digits), Number(power) + 1] : [next, Number(power)];
}

/** @param {number} x */
const special = (x) => (Number.isNaN(x) ? "nan" : x > 0 ? "inf" : "-inf");

/** Python's `.{digits}e`. @param {number} x @param {number} digits */
export function scientific(x, digits) {
  if (!Number.isFinite(x)) return special(x);
  const [all, power] = x === 0 ? ["0".repeat(digits + 1), 0] : rounded(x, digits + 1);
  const body = digits ? `${all[0]}.${all.slice(1)}` : all;
  return `${x < 0 || Object.is(x, -0) ? "-" : ""}${body}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}

/** Python's `.{digits}f`. @param {number} x @param {number} digits */
export function fixed(x, digits) {
  if (!Number.isFinite(x)) return special(x);
  const sign = x < 0 || Object.is(x, -0) ? "-" : "", size = Math.abs(x);
  if (size >= 1e21) return sign + BigInt(size) + (digits ? `.${"0".repeat(digits)}` : "");
  const whole = x === 0 ? 0 : Number(size.toExponential(20).split("e")[1]) + 1;
  const [all, power] = x === 0 ? ["0", 0] : rounded(size, whole + digits);
  const text = power < 0 ? "0".repeat(-power) + all : all;
  const padded = power < 0 ? text : all.padEnd(power + 1 + digits, "0");
  const cut = power < 0 ? 1 : power + 1;
  const fraction = padded.slice(cut).padEnd(digits, "0").slice(0, digits);
  return sign + padded.slice(0, cut) + (digits ? `.${fraction}` : "");
}

/** Python's `.{digits}g`. @param {number} x @param {number} digits */
export function general(x, digits) {
  if (!Number.isFinite(x)) return special(x);
  if (x === 0) return Object.is(x, -0) ? "-0" : "0";
  const [all, power] = rounded(x, digits), sign = x < 0 ? "-" : "";
  const short = all.replace(/0+$/, "") || "0";
  if (power < -4 || power >= digits) {
    const body = short.length > 1 ? `${short[0]}.${short.slice(1)}` : short;
    return `${sign}${body}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
  }
  if (power < 0) return `${sign}0.${"0".repeat(-power - 1)}${short}`;
  const whole = all.slice(0, power + 1), rest = all.slice(power + 1).replace(/0+$/, "");
  return sign + whole + (rest ? `.${rest}` : "");
}

/** Python's `repr` of a float. @param {number} x */
export function shortest(x) {
  if (!Number.isFinite(x)) return `float("${special(x)}")`;
  if (Object.is(x, -0)) return "-0.0";
  const text = String(x), size = Math.abs(x);
  if (size >= 1e16 || (size < 1e-4 && x !== 0)) {
    const [mantissa, power] = x.toExponential().split("e");
    return `${mantissa}e${power[0]}${power.slice(1).padStart(2, "0")}`;
  }
  return /[.e]/.test(text) ? text : `${text}.0`;
}
