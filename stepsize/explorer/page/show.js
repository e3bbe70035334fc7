// Everything that is drawn from the state.

import { app, at } from "./app.js";
import { buildCards, swatch, titleOf } from "./cards.js";
import { chooser } from "./controls.js";
import { filled, tag } from "./drawing.js";
import { showEquations } from "./equations.js";
import { landscapeOf, runsOf, stepsOf } from "./experiment.js";
import { missionText } from "./lessons.js";
import { drawLine, drawPanels } from "./panels.js";
import { promiseOf } from "./promise.js";
import { drawPicture, scalesOf, viewOf } from "./plot.js";
import { general } from "./printing.js";
import { DATA, MOST_OPTIMIZERS, addressOf } from "./state.js";
import { drawSurface } from "./surface.js";
import { TEXT } from "./words.js";

export function made() {
  return runsOf(app.state);
}

/** Draw everything that follows from the state. @param {boolean} [anew] whether the cards must be built anew */
export function draw(anew = false) {
  const steps = stepsOf(app.state);
  app.state.at = Math.min(app.state.at, steps);
  if (anew) buildCards(at("cards"), app.state, (again) => app.changed(again));
  const runs = made(), place = landscapeOf(app.state.problem);
  drawPictures(place, runs);
  drawPanels(at("panels"), runs, app.state, steps);
  drawTransport(steps);
  drawVerdicts(runs);
  const chosen = runs[app.state.chosen];
  drawLine(at("line"), place, chosen, app.state.chosen, app.state.at);
  showEquations(at("equations"), chosen, app.state.optimizers[app.state.chosen]?.rule ?? "", app.state.at);
  drawMission(runs);
  drawNames(place);
  if (anew) drawStill(place);
  remember();
}

/** @param {any} place @param {import("./experiment.js").Made[]} runs */
export function drawPictures(place, runs) {
  const side = app.state.view.side && runs.length > 1, surface = app.state.view.surface && place.dim === 2;
  at("second-picture").hidden = !side;
  at("surface-picture").hidden = !surface;
  const every = runs.map((m, index) => ({ made: m, index }));
  const other = side ? (app.state.chosen === 0 ? 1 : 0) : -1;
  const first = side ? every.filter(({ index }) => index === app.state.chosen) : every;
  const title = (/** @type {number} */ index) => (side ? titleOf(app.state.optimizers[index]) : "");
  app.view = drawPicture(at("plot"), place, first, app.state, side ? title(app.state.chosen) : "", runs);
  if (side) drawPicture(at("second-plot"), place, [every[other]], app.state, title(other), runs);
  if (surface) drawSurface(at("surface"), place, first, app.state, viewOf(place, app.state.x0, 100, 100, app.state.view.zoom, runs));
  const [sx, sy] = scalesOf(app.view), ring = at("start"), y = place.dim === 1 ? place.value(app.state.x0) : app.state.x0[1];
  ring.style.left = `${Math.min(Math.max(sx(app.state.x0[0]), 0), app.view.width)}px`;
  ring.style.top = `${Math.min(Math.max(sy(y), 0), app.view.height)}px`;
  ring.setAttribute("aria-label", `${TEXT.start}: ${app.state.x0.map((v) => general(v, 4)).join(", ")}. ${TEXT.startHelp}`);
  at("plot").setAttribute("aria-label", `${TEXT.plane}: ${app.state.problem}`);
}

/** @param {number} steps */
function drawTransport(steps) {
  const scrub = at("scrub");
  scrub.max = String(steps);
  scrub.value = String(app.state.at);
  scrub.style.setProperty("--done", `${(app.state.at / Math.max(steps, 1)) * 100}%`);
  scrub.setAttribute("aria-valuetext", `${TEXT.scrub} ${app.state.at} / ${steps}`);
  at("where").textContent = `${app.state.at} / ${steps}`;
}

/** @param {import("./experiment.js").Made[]} runs */
function drawVerdicts(runs) {
  filled(at("verdicts"), runs.map((m, index) => {
    const now = Math.min(app.state.at, m.run.nit);
    return tag("div", { class: "verdict" }, [
      swatch(index),
      tag("p", {}, [
        tag("strong", {}, [`${titleOf(app.state.optimizers[index])}: `]),
        tag("strong", { class: "word" }, [m.found.verdict]),
        ` ${TEXT.byTheEnd}: ${m.found.reason}. `,
        tag("span", { class: "now" }, [`${TEXT.now} f = ${general(m.values[now], 4)}`]),
      ]),
    ]);
  }));
}

/** @param {import("./experiment.js").Made[]} runs */
export function drawMission(runs) {
  at("told").textContent = app.told || (app.mission ? missionText(app.mission, runs, app.state) : app.lesson ? app.lesson.text : landscapeOf(app.state.problem).formula);
}

/** What a run is called, and what its last digits are worth. @param {any} place */
function drawNames(place) {
  const options = app.state.optimizers.map(titleOf), which = at("which");
  if (options.join() !== [...which.options].map((o) => o.textContent).join()) filled(which, options.map((name, i) => tag("option", { value: i }, [name])));
  which.value = String(app.state.chosen);
  const ends = app.state.noise.sigma > 0 && app.state.steps > stepsOf(app.state) ? TEXT.noiseEnds : "";
  at("promise").textContent = `${promiseOf(place, app.state.optimizers)} ${ends}`;
}

/** What changes only with the problem or the optimizers. @param {any} place */
function drawStill(place) {
  at("problem").value = app.state.problem;
  at("steps").value = String(app.state.steps);
  at("add").disabled = app.state.optimizers.length >= MOST_OPTIMIZERS;
  for (const [id, on] of [["surface", app.state.view.surface], ["side", app.state.view.side], ["ghost", app.state.view.ghost], ["map", app.map !== null]])
    at(`view-${id}`).setAttribute("aria-pressed", String(on));
  at("view-surface").disabled = place.dim === 1;
  at("view-surface").title = place.dim === 1 ? TEXT.dimension : "";
  at("view-side").disabled = app.state.optimizers.length < 2;
  buildNoise();
}

function buildNoise() {
  at("noise").hidden = !DATA.noise.seeds.length;
  const legend = at("noise").querySelector("legend");
  const slider = tag("input", { type: "range", class: "slider", min: 0, max: 1000, step: 1, "aria-label": `${TEXT.noise}: ${TEXT.sigma}` });
  slider.value = String(Math.round((app.state.noise.sigma / 5) ** 0.5 * 1000));
  const box = tag("output", { class: "box" }, [String(app.state.noise.sigma)]);
  slider.style.setProperty("--done", `${Number(slider.value) / 10}%`);
  slider.addEventListener("input", () => {
    app.state.noise.sigma = Number((5 * (Number(slider.value) / 1000) ** 2).toPrecision(2));
    box.textContent = String(app.state.noise.sigma);
    slider.style.setProperty("--done", `${Number(slider.value) / 10}%`);
    app.changed(false);
  });
  const seed = chooser(`${TEXT.noise}: ${TEXT.seed}`, DATA.noise.seeds.map((/** @type {number} */ s) => ({ name: String(s) })), String(app.state.noise.seed), (name) => {
    app.state.noise.seed = Number(name);
    app.changed(false);
  });
  filled(at("noise"), [legend,
    tag("div", { class: "number" }, [tag("span", { class: "name", "aria-hidden": "true" }, [TEXT.sigma]), tag("span", { class: "track" }, [slider]), box]),
    tag("div", { class: "number" }, [tag("span", { class: "name", "aria-hidden": "true" }, [TEXT.seed]), seed]),
  ]);
}

let writing = 0;

/** The address carries the state, where a page may change it; browsers let a page do so now and then only. */
function remember() {
  clearTimeout(writing);
  writing = setTimeout(() => {
    try {
      history.replaceState(null, "", addressOf(app.state));
    } catch {
      // a frame of a notebook has no address of its own
    }
  }, 120);
}
