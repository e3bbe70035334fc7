// Missions, judged by the library's own definitions.

import { landscapeOf, runOf } from "./experiment.js";
import { choiceOf } from "./state.js";
import { TEXT } from "./words.js";

/** @typedef {import("./experiment.js").Made} Made */

/** Whether a mission is done, by any of the runs. @param {any} mission @param {Made[]} made @param {any} state */
export function isDone(mission, made, state) {
  if (state.problem !== mission.state.p || state.x0.some((/** @type {number} */ v, /** @type {number} */ j) => v !== mission.state.x[j])) return false;
  if (mission.state.z && state.noise.sigma < mission.state.z[0]) return false;
  if (!mission.state.z && state.noise.sigma > 0) return false;
  return made.some((m) => judged(mission, m, state));
}

/** @param {any} mission @param {Made} m @param {any} state */
function judged(mission, m, state) {
  const { settled, overshoot } = m.found;
  switch (mission.kind) {
    case "settleWithout":
      return settled >= 0 && settled <= mission.within && overshoot === 0;
    case "beat": {
      const best = plainBest(state);
      return settled >= 0 && (best < 0 || settled < best);
    }
    case "quiet":
      return isQuiet(m);
    default:
      return settled >= 0 && settled <= mission.within;
  }
}

/** When plain descent at 2/(L + mu) settles. @param {any} state */
function plainBest(state) {
  const { L, mu } = landscapeOf(state.problem);
  return runOf(state, choiceOf("SGD", { lr: 2 / (L + mu) })).found.settled;
}

/** Whether the gap stayed below a thousandth of the first all through the last quarter. @param {Made} m */
function isQuiet(m) {
  const minimum = m.run.problem.minimum ?? 0, first = Math.abs(m.values[0] - minimum), from = Math.floor(0.75 * m.run.nit);
  if (m.run.diverged || m.run.nit < 100) return false;
  for (let k = from; k <= m.run.nit; k++) if (!(Math.abs(m.values[k] - minimum) <= 1e-3 * first)) return false;
  return true;
}

/** @param {any} mission @param {Made[]} made @param {any} state */
export const missionText = (mission, made, state) =>
  `${isDone(mission, made, state) ? `✓ ${TEXT.missionDone}.` : `${TEXT.missionOpen}.`} ${mission.text}`;
