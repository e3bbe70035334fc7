// What the page holds while it is open: the experiment, and what is being done with it.

/**
 * @typedef {object} App
 * @property {import("./state.js").State} state
 * @property {import("./contours.js").View} view
 * @property {any} mission
 * @property {any} lesson
 * @property {any} map
 * @property {Int8Array} mapFates
 * @property {[number, number] | null} mapCursor
 * @property {() => void} stopMap
 * @property {number} playing
 * @property {(anew: boolean) => void} changed draws at the next frame; `anew` builds the controls anew
 * @property {string} told a sentence that stands above the lesson's until something changes
 */

/** @type {App} */
export const app = /** @type {any} */ ({
  mission: null, lesson: null, map: null, mapFates: new Int8Array(0), mapCursor: null, stopMap: () => {}, playing: 0, told: "", changed: () => {},
});

/** @param {string} id @returns {any} */
export const at = (id) => document.getElementById(id);
