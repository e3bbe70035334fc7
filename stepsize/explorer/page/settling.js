// When a run has settled: its error is small and stays small to the end, and not by a lucky last point.

/** @typedef {ArrayLike<number>} Rows */

/** Largest and smallest of some rows; nan if one is. @param {Rows} a @param {number} [from] @param {number} [to] */
export function maxOf(a, from = 0, to = a.length) {
  let found = -Infinity;
  for (let i = from; i < to; i++) if (!(a[i] <= found)) found = a[i] !== a[i] ? NaN : found !== found ? found : a[i];
  return found;
}

/** @param {Rows} a @param {number} [from] @param {number} [to] */
export function minOf(a, from = 0, to = a.length) {
  let found = Infinity;
  for (let i = from; i < to; i++) if (!(a[i] >= found)) found = a[i] !== a[i] ? NaN : found !== found ? found : a[i];
  return found;
}

/** The first row from which on every error is at most `tol`, by all evidence; -1 if there is none.
 * @param {Rows} error @param {number} tol @param {number} nothing */
export function settledAt(error, tol, nothing) {
  let first = error.length;
  while (first > 0 && error[first - 1] <= tol) first -= 1;
  const stay = error.length - first;
  if (stay === 0) return -1;
  return stay < first && isTouch(error, tol, nothing, first, stay) ? -1 : first;
}

/** @param {Rows} error @param {number} tol @param {number} nothing @param {number} first @param {number} stay */
function isTouch(error, tol, nothing, first, stay) {
  const sudden = stay === 1 && error[first - 1] > 100 * tol;
  const tenfold = lastAbove(error, first, 10 * tol);
  const far = Math.max(lastAbove(error, first, 100 * tol), 0);
  const fall = Math.log(error[first - 1] / error[first]);
  const usual = Math.log(error[far] / error[first - 1]) / (first - 1 - far);
  let rose = false;
  for (let i = far; i < first; i++) rose ||= error[i + 1] - error[i] > 0;
  const hastens = tenfold >= 0 && !rose && fall > 1.5 * usual && stay < 2 * (first - tenfold);
  return ((sudden || hastens) && error[first] > nothing) || stay < 2 * longestDip(error, first);
}

/** @param {Rows} error @param {number} first @param {number} level */
function lastAbove(error, first, level) {
  for (let i = first - 1; i >= 0; i--) if (error[i] > level) return i;
  return -1;
}

/** How long the error stayed below a later value, in the later half of its first rows. @param {Rows} error @param {number} first */
function longestDip(error, first) {
  let envelope = -Infinity, later = -1, longest = 0;
  for (let i = first - 1; i >= 0; i--) {
    const value = error[i] !== error[i] ? -Infinity : error[i];
    if (!(value >= envelope)) continue;
    envelope = value;
    if (later >= 0 && 2 * later >= first) longest = Math.max(longest, later - i - 1);
    later = i;
  }
  return later >= 0 && 2 * later >= first ? Math.max(longest, later) : longest;
}
