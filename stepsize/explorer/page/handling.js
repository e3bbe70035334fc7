// The picture is handled: the start is dragged, the surface turned, the map asked.

import { app, at } from "./app.js";
import { changed, startAt } from "./changes.js";
import { landscapeOf } from "./experiment.js";
import { cellAt, drawFates } from "./fate.js";
import { closeMap, openMap, take } from "./mapping.js";
import { drawPictures, made } from "./show.js";
import { turn } from "./surface.js";

export function listenToStart() {
  const plot = at("plot"), ring = at("start"), dim = () => landscapeOf(app.state.problem).dim;
  const placeAt = (/** @type {PointerEvent} */ event) => {
    const box = plot.getBoundingClientRect();
    const x = app.view.x[0] + ((event.clientX - box.left) / app.view.width) * (app.view.x[1] - app.view.x[0]);
    const y = app.view.y[1] - ((event.clientY - box.top) / app.view.height) * (app.view.y[1] - app.view.y[0]);
    return dim() === 1 ? [x] : [x, y];
  };
  for (const element of [plot, ring]) {
    element.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
      if (event.button !== 0) return;
      element.setPointerCapture(event.pointerId);
      if (element === plot) startAt(placeAt(event));
      if (element === plot) event.preventDefault();
    });
    element.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => {
      if (element.hasPointerCapture(event.pointerId)) startAt(placeAt(event));
    });
  }
  ring.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const way = /** @type {Record<string, number[]>} */ ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] })[event.key];
    if (!way) return;
    event.preventDefault();
    event.stopPropagation();
    const part = event.shiftKey ? 0.1 : 0.01, unit = [app.view.x[1] - app.view.x[0], app.view.y[1] - app.view.y[0]];
    const by = dim() === 1 ? [(way[0] + way[1]) * unit[0]] : [way[0] * unit[0], way[1] * unit[1]];
    startAt(app.state.x0.map((v, j) => v + part * by[j]));
  });
}


export function listenToViews() {
  for (const key of /** @type {("surface" | "side" | "ghost")[]} */ (["surface", "side", "ghost"]))
    at(`view-${key}`).addEventListener("click", () => {
      app.state.view[key] = !app.state.view[key];
      changed(true);
    });
  at("view-map").addEventListener("click", () => (app.map ? closeMap() : openMap()));
  at("closer").addEventListener("click", () => {
    app.state.view.zoom = Math.min(app.state.view.zoom + 1, 20);
    changed(false);
  });
  at("farther").addEventListener("click", () => {
    app.state.view.zoom = Math.max(app.state.view.zoom - 1, -8);
    changed(false);
  });
  const canvas = at("surface"), turned = () => drawPictures(landscapeOf(app.state.problem), made());
  canvas.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => canvas.setPointerCapture(event.pointerId));
  canvas.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => {
    if (!canvas.hasPointerCapture(event.pointerId)) return;
    turn.around -= event.movementX / 150;
    turn.up = Math.min(Math.max(turn.up + event.movementY / 200, 0.15), 1.45);
    turned();
  });
  canvas.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const way = /** @type {Record<string, number[]>} */ ({ ArrowLeft: [0.1, 0], ArrowRight: [-0.1, 0], ArrowDown: [0, 0.08], ArrowUp: [0, -0.08] })[event.key];
    if (!way) return;
    event.preventDefault();
    turn.around += way[0];
    turn.up = Math.min(Math.max(turn.up + way[1], 0.15), 1.45);
    turned();
  });
  const chart = at("fates");
  chart.addEventListener("click", (/** @type {MouseEvent} */ event) => {
    const box = chart.getBoundingClientRect(), cell = cellAt(chart, app.map, event.clientX - box.left, event.clientY - box.top);
    if (cell) take(cell);
  });
  chart.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const way = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] })[event.key];
    if (way) {
      const [i, j] = app.mapCursor ?? [Math.floor(app.map.rates.length / 2), 0];
      app.mapCursor = [Math.min(Math.max(i + way[0], 0), app.map.rates.length - 1), Math.min(Math.max(j + way[1], 0), app.map.momenta.length - 1)];
      drawFates(chart, app.map, app.mapFates, app.mapCursor);
    } else if (event.key === "Enter" && app.mapCursor) take(app.mapCursor);
    else return;
    event.preventDefault();
  });
}

