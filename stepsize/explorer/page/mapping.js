// The map of fates on the page: opened, closed, and asked for the numbers at a place.

import { app, at } from "./app.js";
import { filled, tag } from "./drawing.js";
import { drawFates, fates, gridOfFates, isMapped, mapped } from "./fate.js";
import { draw } from "./show.js";
import { TEXT } from "./words.js";

export function openMap() {
  app.stopMap();
  if (!app.state.optimizers.length) return closeMap();
  app.map = gridOfFates(app.state);
  app.mapFates = new Int8Array(0);
  at("map").hidden = false;
  at("step").hidden = true;
  at("map-title").textContent = `${app.map.momentum >= 0 ? TEXT.mapTitle : TEXT.mapRateOnly}: ${app.map.rule.name}`;
  at("fates").setAttribute("aria-label", `${at("map-title").textContent}. ${TEXT.mapHelp}`);
  filled(at("fate-legend"), fates().map(([color, word]) => {
    const key = tag("span", { class: "key" });
    key.style.background = color;
    return tag("span", {}, [key, word]);
  }));
  at("view-map").setAttribute("aria-pressed", "true");
  app.mapCursor = null;
  app.stopMap = mapped(app.map, app.state, (found) => {
    app.mapFates = found;
    drawFates(at("fates"), app.map, app.mapFates, app.mapCursor);
  });
}

export function closeMap() {
  app.stopMap();
  app.map = null;
  at("map").hidden = true;
  at("step").hidden = false;
  at("view-map").setAttribute("aria-pressed", "false");
}

/** Take the numbers of a cell. @param {[number, number]} cell */
export function take(cell) {
  const choice = app.state.optimizers[app.state.chosen], rate = app.map.rule.parameters.findIndex((/** @type {any} */ p) => p.path.split("/").pop() === "lr");
  choice.schedules = choice.schedules.filter(({ drives }) => !isMapped(app.map, drives));
  choice.numbers[rate] = app.map.rates[cell[0]];
  if (app.map.momentum >= 0) choice.numbers[app.map.momentum] = app.map.momenta[cell[1]];
  app.mapCursor = cell;
  drawFates(at("fates"), app.map, app.mapFates, app.mapCursor);
  draw(true);
}

