// The page: what is pressed changes the state, and everything is drawn from the state.

import { app, at } from "./app.js";
import { changed, open } from "./changes.js";
import { titleOf } from "./cards.js";
import { filled, forgetPalette, tag } from "./drawing.js";
import { allStayAllowed, landscapeOf } from "./experiment.js";
import { listenToStart, listenToViews } from "./handling.js";
import { learnPowers } from "./numbers.js";
import { promiseOf } from "./promise.js";
import { pythonOf } from "./python.js";
import { savePng, saveSvg, slideOf } from "./saving.js";
import { drawMission, made } from "./show.js";
import { DATA, MOST_UPDATES, addressOf, choiceOf, named, stateIn, stateOf, unpackData } from "./state.js";
import { listenToTransport } from "./transport.js";
import { LESSONS, MISSIONS, TEXT } from "./words.js";

function listen() {
  for (const element of document.querySelectorAll("[data-word]")) element.textContent = /** @type {any} */ (TEXT)[element.getAttribute("data-word") ?? ""] ?? "";
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", /** @type {any} */ (TEXT)[element.getAttribute("data-label") ?? ""] ?? "");
  at("help").textContent = `${TEXT.startHelp} ${TEXT.keysHelp}`;
  for (const [id, word] of [["go-first", TEXT.first], ["go-back", TEXT.back], ["go-ahead", TEXT.ahead], ["go-last", TEXT.last], ["closer", TEXT.closer], ["farther", TEXT.farther], ["scrub", TEXT.scrub]]) {
    at(id).setAttribute("aria-label", word);
    at(id).title = word;
  }
  at("panels").setAttribute("aria-label", `${TEXT.gap}, ${TEXT.rate}, ${TEXT.overshot} ${TEXT.chart}`);
  at("line").setAttribute("aria-label", TEXT.lineText);
  at("line-box").title = TEXT.lineText;
  at("surface").setAttribute("aria-label", TEXT.turnHelp);
  at("which").setAttribute("aria-label", TEXT.rule);
  listenToChoices();
  listenToStart();
  listenToTransport();
  listenToViews();
  listenToSharing();
  for (const [kind, name, reason] of DATA.left) at("left-out").append(tag("dt", {}, [`${name} (${kind})`]), tag("dd", {}, [reason]));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    forgetPalette();
    changed(true);
  });
  addEventListener("resize", () => {
    forgetPalette();
    changed(false);
  });
  new ResizeObserver(() => changed(false)).observe(at("pictures"));
  new ResizeObserver(() => changed(false)).observe(at("panels"));
  addEventListener("hashchange", () => {
    const next = linked();
    if (next && addressOf(next) !== addressOf(app.state)) open(next);
  });
}

/** Whether a page has what a lesson or a mission is about. @param {any} told */
const isHere = ({ state }) => named(DATA.landscapes, state.p) && (!state.z || DATA.noise.seeds.includes(state.z[1]));

function listenToChoices() {
  const option = (/** @type {{name: string}} */ { name }) => tag("option", { value: name }, [name]);
  filled(at("problem"), DATA.landscapes.map(option));
  for (const [id, list] of /** @type {[string, any[]][]} */ ([["lesson", LESSONS], ["mission", MISSIONS]])) {
    const here = list.filter(isHere);
    filled(at(id), [tag("option", { value: "" }, [TEXT.none]), ...here.map(option)]);
    at(id).disabled = !here.length;
  }
  at("problem").addEventListener("change", () => {
    const place = landscapeOf(at("problem").value);
    [app.state.problem, app.state.x0, app.state.view.zoom, app.state.at] = [place.name, [...place.x0], 0, Math.min(app.state.at, 20)];
    forget();
    changed(true);
  });
  at("steps").addEventListener("change", () => {
    const steps = Number(at("steps").value.trim() || NaN);
    if (Number.isInteger(steps) && steps >= 1 && steps <= MOST_UPDATES && allStayAllowed(app.state.optimizers, steps)) {
      app.state.steps = steps;
      at("steps").removeAttribute("aria-invalid");
      changed(true);
    } else at("steps").setAttribute("aria-invalid", "true");
  });
  at("lesson").addEventListener("change", () => {
    app.lesson = named(LESSONS, at("lesson").value) ?? null;
    app.mission = null;
    at("mission").value = "";
    if (app.lesson) open(stateOf(app.lesson.state));
    else changed(true);
  });
  at("mission").addEventListener("change", () => {
    app.mission = named(MISSIONS, at("mission").value) ?? null;
    app.lesson = null;
    at("lesson").value = "";
    if (app.mission) open(stateOf(app.mission.state));
    else changed(true);
  });
  at("add").addEventListener("click", () => {
    const next = ["SGD", "Momentum", "Adam", "Nesterov", "RMSprop", "Adagrad"][app.state.optimizers.length] ?? "SGD";
    const first = app.state.optimizers[0], rate = first ? first.numbers[named(DATA.rules, first.rule).parameters.findIndex((/** @type {any} */ p) => p.path === "lr")] : undefined;
    app.state.optimizers.push(choiceOf(named(DATA.rules, next) ? next : DATA.rules[0].name, rate ? { lr: rate } : {}));
    app.state.chosen = app.state.optimizers.length - 1;
    changed(true);
  });
  at("which").addEventListener("change", () => {
    app.state.chosen = Number(at("which").value);
    changed(true);
  });
}

/** The experiment of the address, if it can be run. */
function linked() {
  const state = stateIn(location.hash);
  return state && allStayAllowed(state.optimizers, state.steps) ? state : null;
}

/** What is chosen by hand is no lesson any more. */
function forget() {
  app.lesson = app.mission = null;
  at("lesson").value = at("mission").value = "";
}

function listenToSharing() {
  at("copy-python").addEventListener("click", () => copy(pythonOf(app.state), at("copy-python"), TEXT.copyPython));
  at("copy-link").addEventListener("click", () => copy(location.href.split("#")[0] + addressOf(app.state), at("copy-link"), TEXT.copyLink));
  const slide = () => slideOf(at("plot"), at("panels"), `${app.state.problem}: ${landscapeOf(app.state.problem).formula}`.slice(0, 90), made().map((m, i) => `${titleOf(app.state.optimizers[i])}: ${m.found.verdict}`));
  at("save-svg").addEventListener("click", () => saveSvg(slide()));
  at("save-png").addEventListener("click", () => savePng(slide()));
  at("dialog-close").addEventListener("click", () => at("dialog").close());
}

/** Copy a text; where a browser does not let a page do so, show it. @param {string} text @param {HTMLElement} button @param {string} word */
async function copy(text, button, word) {
  at("dialog-text").value = text;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = TEXT.copied;
    setTimeout(() => {
      button.textContent = word;
    }, 1500);
  } catch {
    at("dialog").showModal();
    at("dialog-text").select();
  }
}

// What stands around the page, a lesson or a test, may ask for the runs and the state.
document.addEventListener("explorer:ask", (event) => {
  const tell = /** @type {CustomEvent} */ (event).detail;
  if (typeof tell === "function") tell({ state: app.state, address: addressOf(app.state), python: pythonOf(app.state), runs: made(), promise: promiseOf(landscapeOf(app.state.problem), app.state.optimizers) });
});

/** Begin with what the address says, or else with what Python asked for. */
async function begin() {
  await unpackData();
  learnPowers(DATA.powers);
  listen();
  const asked = linked();
  open(asked ?? stateOf(DATA.opens));
  if (location.hash.length > 1 && !asked) {
    app.told = TEXT.addressRefused;
    drawMission(made());
  }
}

begin();
