// A change of the state, and what follows from it at the next frame.

import { app } from "./app.js";
import { canStart, landscapeOf } from "./experiment.js";
import { openMap } from "./mapping.js";
import { halt } from "./transport.js";
import { draw, drawMission, made } from "./show.js";
import { TEXT } from "./words.js";

let waiting = false;

/** The state was changed: draw at the next frame. @param {boolean} anew */
export function changed(anew) {
  app.told = "";
  if (anew) {
    waiting = false;
    keepingFocus(() => draw(true));
    if (app.map) openMap();
    return;
  }
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    if (!waiting) return;
    waiting = false;
    draw(false);
  });
}

/** Build controls anew without losing the one that has the focus. @param {() => void} work */
function keepingFocus(work) {
  const held = document.activeElement?.getAttribute("aria-label");
  work();
  if (!held || document.activeElement !== document.body) return;
  const again = [...document.querySelectorAll("[aria-label]")].find((element) => element.getAttribute("aria-label") === held);
  if (again instanceof HTMLElement) again.focus();
}

/** @param {import("./state.js").State} next */
export function open(next) {
  halt();
  app.state = next;
  if (!canStart(app.state, app.state.x0)) app.state.x0 = [...landscapeOf(app.state.problem).x0];
  changed(true);
}

/** Start elsewhere, if the value there is finite. @param {number[]} x0 */
export function startAt(x0) {
  const rounded = x0.map((v) => Number(v.toPrecision(3)));
  if (!canStart(app.state, rounded)) {
    app.told = TEXT.startRefused;
    drawMission(made());
    return;
  }
  app.state.x0 = rounded;
  changed(false);
}

app.changed = changed;
