// A landscape as heights on a grid: levels, lines of equal height, and a shading behind them.

import { quickly } from "./numbers.js";
import { n } from "./drawing.js";

/**
 * @typedef {{x: [number, number], y: [number, number], width: number, height: number}} View
 * @typedef {{columns: number, rows: number, heights: Float64Array, sorted: Float64Array, view: View}} Grid
 */

/** Heights over a view. @param {(x: number[]) => number} value @param {View} view @param {number} columns @returns {Grid} */
export function gridOf(value, view, columns) {
  const rows = Math.max(Math.round((columns * view.height) / view.width), 8), heights = new Float64Array(columns * rows);
  quickly(() => {
    for (let j = 0; j < rows; j++) {
      const y = view.y[1] + ((view.y[0] - view.y[1]) * j) / (rows - 1);
      for (let i = 0; i < columns; i++) heights[j * columns + i] = value([view.x[0] + ((view.x[1] - view.x[0]) * i) / (columns - 1), y]);
    }
  });
  const sorted = heights.filter(Number.isFinite).sort();
  return { columns, rows, heights, sorted, view };
}

/** Heights to draw lines at: closer together where the landscape is low. @param {Grid} grid @param {number} count */
export function levelsOf(grid, count) {
  const { sorted } = grid, found = [];
  if (!sorted.length || sorted[0] === sorted[sorted.length - 1]) return [];
  for (let k = 1; k <= count; k++) found.push(sorted[Math.floor((k / (count + 1)) ** 1.6 * (sorted.length - 1))]);
  return [...new Set(found)];
}

/** How high a place stands among all, from 0 to 1. @param {Grid} grid @param {number} height */
export function rankOf(grid, height) {
  const { sorted } = grid;
  if (!(height < Infinity)) return 1;
  let low = 0, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < height) low = middle + 1;
    else high = middle;
  }
  return low / Math.max(sorted.length, 1);
}

/** The line of one level, as a path in pixels. @param {Grid} grid @param {number} level */
export function lineAt(grid, level) {
  const { columns, rows, heights, view } = grid, dx = view.width / (columns - 1), dy = view.height / (rows - 1);
  let path = "";
  for (let j = 0; j + 1 < rows; j++)
    for (let i = 0; i + 1 < columns; i++) {
      const k = j * columns + i, corners = [heights[k], heights[k + 1], heights[k + columns + 1], heights[k + columns]];
      const crossings = [];
      for (let e = 0; e < 4; e++) {
        const a = corners[e], b = corners[(e + 1) % 4];
        if (!(a < level !== b < level) || !Number.isFinite(a) || !Number.isFinite(b)) continue;
        const t = (level - a) / (b - a);
        crossings.push(e === 0 ? [i + t, j] : e === 1 ? [i + 1, j + t] : e === 2 ? [i + 1 - t, j + 1] : [i, j + 1 - t]);
      }
      for (let c = 0; c + 1 < crossings.length; c += 2)
        path += `M${n(crossings[c][0] * dx)} ${n(crossings[c][1] * dy)}L${n(crossings[c + 1][0] * dx)} ${n(crossings[c + 1][1] * dy)}`;
    }
  return path;
}

/** @param {string} hex */
export const channels = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));

/** The shading, as a picture. @param {Grid} grid @param {string} low @param {string} high */
export function shadingOf(grid, low, high) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [grid.columns, grid.rows];
  const context = canvas.getContext("2d");
  if (!context) return "";
  const image = context.createImageData(grid.columns, grid.rows), a = channels(low), b = channels(high);
  for (let k = 0; k < grid.heights.length; k++) {
    const t = rankOf(grid, grid.heights[k]) ** 0.8;
    for (let c = 0; c < 3; c++) image.data[4 * k + c] = a[c] + (b[c] - a[c]) * t;
    image.data[4 * k + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  return canvas.toDataURL();
}
