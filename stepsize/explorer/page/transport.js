// Stepping ahead and back, playing and scrubbing.

import { app, at } from "./app.js";
import { sizeOf } from "./drawing.js";
import { stepsOf } from "./experiment.js";
import { updateAt } from "./panels.js";
import { draw } from "./show.js";
import { TEXT } from "./words.js";

/** @param {number} k */
export function goTo(k) {
  app.state.at = Math.min(Math.max(k, 0), stepsOf(app.state));
  app.changed(false);
}

export function halt() {
  cancelAnimationFrame(app.playing);
  app.playing = 0;
  at("play").textContent = TEXT.play;
}

export function play() {
  if (app.playing) return halt();
  const steps = stepsOf(app.state), from = app.state.at >= steps ? 0 : app.state.at, began = performance.now(), rate = steps / Math.min(12000, Math.max(3000, steps * 60));
  at("play").textContent = TEXT.pause;
  const frame = (/** @type {number} */ now) => {
    app.state.at = Math.min(Math.round(from + (now - began) * rate), steps);
    draw(false);
    app.playing = app.state.at < steps ? requestAnimationFrame(frame) : 0;
    if (!app.playing) at("play").textContent = TEXT.play;
  };
  app.playing = requestAnimationFrame(frame);
}


export function listenToTransport() {
  at("play").addEventListener("click", play);
  for (const [id, target] of /** @type {[string, () => number][]} */ ([["go-first", () => 0], ["go-back", () => app.state.at - 1], ["go-ahead", () => app.state.at + 1], ["go-last", () => stepsOf(app.state)]]))
    at(id).addEventListener("click", () => {
      halt();
      goTo(target());
    });
  at("scrub").addEventListener("input", () => {
    halt();
    goTo(Number(at("scrub").value));
  });
  const panels = at("panels");
  const follow = (/** @type {PointerEvent} */ event) => goTo(updateAt(sizeOf(panels)[0], stepsOf(app.state), event.clientX - panels.getBoundingClientRect().left));
  panels.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
    halt();
    panels.setPointerCapture(event.pointerId);
    follow(event);
  });
  panels.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => panels.hasPointerCapture(event.pointerId) && follow(event));
  addEventListener("keydown", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName)) return;
    if (target.id === "fates" || target.id === "surface" || at("dialog").open) return;
    const step = /** @type {Record<string, number>} */ ({ ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 })[event.key];
    if (step) {
      halt();
      goTo(app.state.at + step);
    } else if (event.key === " " && target.tagName !== "BUTTON" && target.tagName !== "SUMMARY") play();
    else return;
    event.preventDefault();
  });
}

