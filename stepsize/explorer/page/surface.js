// The landscape in three dimensions, which can be turned, with the same paths on it.

import { channels, gridOf, rankOf } from "./contours.js";
import { palette, sizeOf } from "./drawing.js";

/** @typedef {import("./contours.js").View} View */

export const turn = { around: 0.6, up: 0.72 };
const grids = new Map();

/** @param {HTMLCanvasElement} canvas @param {any} place @param {{made: any, index: number}[]} runs @param {any} state @param {View} view */
export function drawSurface(canvas, place, runs, state, view) {
  const [width, height] = sizeOf(canvas), ratio = Math.min(globalThis.devicePixelRatio || 1, 2), colors = palette();
  [canvas.width, canvas.height] = [width * ratio, height * ratio];
  const context = canvas.getContext("2d");
  if (!context) return;
  context.scale(ratio, ratio);
  context.fillStyle = colors.paper;
  context.fillRect(0, 0, width, height);
  const key = JSON.stringify([place.name, view.x, view.y]);
  if (!grids.has(key)) {
    if (grids.size > 6) grids.clear();
    grids.set(key, gridOf((x) => place.value(x), { ...view, width: 100, height: 100 }, 44));
  }
  const grid = grids.get(key), project = projection(width, height, view, grid);
  mesh(context, grid, view, project, colors);
  for (const { made, index } of runs) path(context, made, index, state, view, project, colors);
}

/** Turn a place and its height into pixels and depth. @param {number} width @param {number} height @param {View} view @param {any} grid */
function projection(width, height, view, grid) {
  const { around, up } = turn, size = 0.7 * Math.min(width, height * 1.2);
  return (/** @type {number} */ x, /** @type {number} */ y, /** @type {number} */ f) => {
    const a = (x - view.x[0]) / (view.x[1] - view.x[0]) - 0.5, b = (y - view.y[0]) / (view.y[1] - view.y[0]) - 0.5;
    const h = 0.5 * (rankOf(grid, f) - 0.5);
    const p = a * Math.cos(around) - b * Math.sin(around), q = a * Math.sin(around) + b * Math.cos(around);
    return [width / 2 + p * size, height / 2 - (q * Math.sin(up) + h * Math.cos(up)) * size, q];
  };
}

/** @param {CanvasRenderingContext2D} context @param {any} grid @param {View} view @param {any} project @param {any} colors */
function mesh(context, grid, view, project, colors) {
  const { columns, rows, heights } = grid, corners = /** @type {number[][]} */ ([]);
  for (let j = 0; j < rows; j++)
    for (let i = 0; i < columns; i++)
      corners.push(project(view.x[0] + ((view.x[1] - view.x[0]) * i) / (columns - 1), view.y[1] + ((view.y[0] - view.y[1]) * j) / (rows - 1), heights[j * columns + i]));
  const cells = [];
  for (let j = 0; j + 1 < rows; j++) for (let i = 0; i + 1 < columns; i++) cells.push(j * columns + i);
  cells.sort((a, b) => corners[b][2] - corners[a][2]);
  const low = channels(colors.dark ? "#3f6d9b" : "#8fb4d8"), high = channels(colors.dark ? "#1b2530" : "#f7fafc");
  context.strokeStyle = colors.dark ? "rgba(160,180,200,0.25)" : "rgba(60,80,100,0.22)";
  context.lineWidth = 0.6;
  for (const k of cells) {
    const four = [corners[k], corners[k + 1], corners[k + columns + 1], corners[k + columns]], t = rankOf(grid, heights[k]);
    context.fillStyle = `rgb(${low.map((c, i) => Math.round(c + (high[i] - c) * t)).join(",")})`;
    context.beginPath();
    four.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
    context.closePath();
    context.fill();
    context.stroke();
  }
}

/** @param {CanvasRenderingContext2D} context @param {any} made @param {number} index @param {any} state @param {View} view @param {any} project @param {any} colors */
function path(context, made, index, state, view, project, colors) {
  const now = Math.min(state.at, made.run.nit), inside = (/** @type {number} */ x, /** @type {number} */ y) =>
    x >= view.x[0] && x <= view.x[1] && y >= view.y[0] && y <= view.y[1];
  context.strokeStyle = context.fillStyle = colors.runs[index];
  context.lineWidth = 2.2;
  context.beginPath();
  let down = false, last = null;
  for (let k = 0; k <= now; k++) {
    const x = made.points[2 * k], y = made.points[2 * k + 1];
    if (!inside(x, y)) {
      down = false;
      continue;
    }
    last = project(x, y, made.values[k]);
    if (down) context.lineTo(last[0], last[1]);
    else context.moveTo(last[0], last[1]);
    down = true;
  }
  context.stroke();
  if (!last) return;
  context.beginPath();
  context.arc(last[0], last[1], 6, 0, 7);
  context.fill();
  context.strokeStyle = colors.paper;
  context.stroke();
}
