// What a person does, done in a real browser: `node browser.mjs SCENARIO < arguments.json > findings.json`.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const tools = createRequire(new URL("../../../tools/explorer/package.json", import.meta.url));
const { chromium } = tools("playwright-core");
const given = JSON.parse(readFileSync(0, "utf8"));
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
  // What is drawn again in part has other smoothed edges than what is drawn whole.
  "--disable-partial-raster"];
const browser = await chromium.launch({ executablePath: given.chromium, args: FLAGS });
const told = { requests: [], errors: [] };

async function opened({ width = 1280, height = 800, scheme = "light", hash = "", path = given.page } = {}) {
  const page = await browser.newPage({ viewport: { width, height }, colorScheme: scheme });
  page.on("request", (request) => told.requests.push(request.url().slice(0, 60)));
  page.on("pageerror", (error) => told.errors.push(error.message));
  page.on("console", (message) => message.type() === "error" && told.errors.push(message.text()));
  page.on("dialog", (dialog) => {
    told.errors.push(`dialog ${dialog.message()}`);
    dialog.dismiss();
  });
  await page.goto(pathToFileURL(path).href + hash);
  await page.waitForSelector(".card");
  await settled(page);
  return page;
}

// A changed size is noticed a frame later, and drawn another frame later.
const settled = (page) => page.evaluate(async () => {
  for (let k = 0; k < 6; k++) await new Promise((done) => requestAnimationFrame(done));
  await new Promise((done) => setTimeout(done, 0));
});
const asked = (page) => page.evaluate(() => new Promise((done) => document.dispatchEvent(new CustomEvent("explorer:ask", { detail: ({ address, python, runs, state, promise }) => {
  const bits = (a) => btoa(String.fromCharCode(...new Uint8Array(Float64Array.from(a).buffer)));
  done({ address, python, state, promise, runs: runs.map(({ run, found }) => ({ x: bits(run.x), f: bits(run.f), overshoot: [...run.overshoot].join(""), nit: run.nit, verdict: found.verdict, reason: found.reason, settled: found.settled })) });
} }))));
const choose = async (page, selector, value) => {
  await page.selectOption(selector, value);
  await settled(page);
};
const markup = (page) => page.evaluate(() => document.body.innerHTML.replace(/<script[^]*?<\/script>/g, "").replaceAll(' style=""', ""));

/** A source of numbers that gives the same ones again. */
function random(seed) {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

const scenarios = {
  /** Nothing is asked of the network, whatever is pressed. */
  async requests() {
    const page = await opened();
    for (const id of ["view-surface", "view-side", "view-map", "go-last", "add"]) await page.click(`#${id}`);
    await settled(page);
    return { count: told.requests.filter((url) => !url.startsWith("data:") && !url.startsWith("blob:")).length };
  },

  /** What a page opens with, which asked for nothing but itself. */
  async opened() {
    const found = await asked(await opened());
    if (told.requests.filter((url) => !/^(data|blob):/.test(url)).length !== 1) told.errors.push("more than one request");
    return found;
  },

  /** Ahead and back again is the same page, to the pixel. */
  async scrub() {
    const found = [];
    for (const lesson of given.lessons) {
      const page = await opened();
      await choose(page, "#lesson", lesson);
      await page.evaluate(() => document.activeElement.blur());
      const picture = async () => (await page.screenshot()).toString("base64");
      const before = [await markup(page), await picture()];
      for (let k = 0; k < 10; k++) await page.keyboard.press("ArrowRight");
      await settled(page);
      const between = await markup(page);
      for (let k = 0; k < 10; k++) await page.keyboard.press("ArrowLeft");
      await settled(page);
      found.push({ lesson, moved: between !== before[0], markup: before[0] === (await markup(page)), pictures: [before[1], await picture()] });
      await page.close();
    }
    return found;
  },

  /** A link opens the same experiment. */
  async link() {
    const found = [];
    for (const lesson of given.lessons) {
      const page = await opened();
      await choose(page, "#lesson", lesson);
      await page.click("#view-side");
      await page.click("#closer");
      await settled(page);
      const { address, runs } = await asked(page);
      const again = await opened({ hash: address });
      await again.waitForTimeout(400);
      const second = await asked(again);
      found.push({ lesson, address: second.address === address, runs: JSON.stringify(second.runs) === JSON.stringify(runs), hash: await again.evaluate(() => location.hash) === address });
      await page.close();
      await again.close();
    }
    return found;
  },

  /** Random experiments by real keys and clicks, and what the page's Python says of them. */
  async experiments() {
    const found = [], next = random(given.seed), page = await opened();
    const pick = (list) => list[Math.floor(next() * list.length)];
    for (let k = 0; k < given.count; k++) {
      await page.selectOption("#problem", pick(given.problems));
      const toggles = await page.locator(".toggle").count();
      await page.locator(".toggle").nth(Math.floor(next() * toggles)).click();
      const open = page.locator(".card.open");
      await open.locator(".card-head select").selectOption(pick(next() < 0.8 ? given.promised : given.rules));
      const schedule = pick(["", "", ...given.schedules]);
      await page.locator('.card.open select[aria-label$=": schedule"]').selectOption(schedule);
      const also = page.locator('.card.open select[aria-label$=": drive also"]');
      if (next() < 0.3 && (await also.count())) await also.selectOption({ index: 1 });
      const sliders = page.locator(".card.open input[type=range]");
      const every = await sliders.count();
      for (let i = Math.floor(next() * 3); i < every; i += 1 + Math.floor(next() * 4)) {
        await sliders.nth(i).focus();
        const key = pick(["ArrowLeft", "ArrowRight", "PageUp", "PageDown"]);
        for (let n = Math.floor(next() * 6); n > 0; n--) await page.keyboard.press(key);
      }
      await page.locator("#start").focus();
      const key = pick(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]);
      for (let n = Math.floor(next() * 8); n > 0; n--) await page.keyboard.press(next() < 0.3 ? `Shift+${key}` : key);
      if (next() < 0.3) {
        await page.locator("#noise input[type=range]").focus();
        await page.keyboard.press(next() < 0.5 ? "PageUp" : "Home");
      }
      if (next() < 0.5) {
        const box = await page.locator("#plot").boundingBox();
        await page.mouse.move(box.x + box.width * (0.2 + 0.6 * next()), box.y + box.height * (0.2 + 0.6 * next()));
        await page.mouse.down();
        await page.mouse.move(box.x + box.width * (0.2 + 0.6 * next()), box.y + box.height * (0.2 + 0.6 * next()), { steps: 3 });
        await page.mouse.up();
      }
      await page.waitForTimeout(20);
      found.push(await asked(page));
      if (k % 10 === 9) await page.locator("#noise input[type=range]").press("Home");
    }
    return found;
  },

  /** Schedules of a rate that may not be 0: chosen, run further, and in an address. */
  async ranges() {
    const page = await opened({ hash: "#p=Quadratic&x=-5,-2&n=50&t=0&c=0&z=0,0&o=SGD:0" });
    await page.locator(".card.open .card-head select").selectOption("FTRL");
    const { state: taken } = await asked(page);
    const chosen = page.locator('.card.open select[aria-label$=": schedule"]'), found = [];
    for (const [name, steps] of [["Linear", 50], ["Linear", 300], ["Exponential", 300], ["Linear", 300]]) {
      await page.fill("#steps", String(steps));
      await page.press("#steps", "Enter");
      await chosen.selectOption(name);
      const { state } = await asked(page);
      found.push({ steps: state.steps, driver: state.optimizers[0].schedules.map((s) => s.name), shown: await chosen.inputValue(), title: await chosen.getAttribute("title") });
    }
    const linked = await opened({ hash: "#p=Quadratic&x=-5,-2&n=300&t=0&c=0&z=0,0&o=FTRL:0.1,1,0,0,0,0:0:Linear:0.1,100,0:1" });
    return { rate: taken.optimizers[0].numbers[0], found, linked: (await asked(linked)).state.optimizers.map(({ rule }) => rule) };
  },

  /** Names, formulas and addresses that try to be more than text. */
  async hostile() {
    const found = [];
    for (const { path, hash } of given.tries) {
      const page = await opened({ path, hash });
      const { state } = await asked(page);
      found.push({ hacked: await page.evaluate(() => "hacked" in window), elements: await page.locator("img, script[src], iframe, object, embed").count(), problem: state.problem });
      await page.close();
    }
    return found;
  },

  /** What axe finds, and what is too small to press. */
  async access() {
    const axe = readFileSync(tools.resolve("axe-core/axe.min.js"), "utf8"), found = [];
    for (const look of given.looks) {
      const page = await opened(look);
      if (look.lesson) await choose(page, "#lesson", look.lesson);
      if (look.map) await page.click("#view-map");
      await page.waitForTimeout(look.map ? 1500 : 50);
      await page.evaluate(axe);
      const violations = await page.evaluate(async () => (await globalThis.axe.run(document)).violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => `${n.html.slice(0, 90)} ${n.failureSummary.slice(0, 160)}`).join(" | ")}`));
      const small = await page.evaluate(() => [...document.querySelectorAll("button, select, input, summary, [tabindex='0']")].filter((e) => e.getClientRects().length).map((e) => [e.id || e.getAttribute("aria-label") || e.tagName, e.getBoundingClientRect()]).filter(([, box]) => box.width < 24 || box.height < 24).map(([name, box]) => `${name} ${box.width}x${box.height}`));
      const unnamed = await page.evaluate(() => [...document.querySelectorAll("button, select, input")].filter((e) => !(e.getAttribute("aria-label") || e.textContent.trim() || e.closest("label"))).length);
      found.push({ look, violations, small, unnamed });
      await page.close();
    }
    return found;
  },

  /** No two boxes lie on each other, and nothing reaches out sideways. */
  async overlaps() {
    const found = [];
    for (const look of given.looks) {
      const page = await opened(look);
      if (look.lesson) await choose(page, "#lesson", look.lesson);
      for (let k = 0; k < (look.more ?? 0); k++) await page.click("#add");
      await settled(page);
      found.push({ look, ...(await page.evaluate(() => {
        const clipped = (element) => {
          let box = element.getBoundingClientRect();
          box = { left: box.left, right: box.right, top: box.top, bottom: box.bottom };
          for (let parent = element.parentElement; parent; parent = parent.parentElement) {
            if (!/auto|hidden|scroll/.test(getComputedStyle(parent).overflow)) continue;
            const outer = parent.getBoundingClientRect();
            box = { left: Math.max(box.left, outer.left), right: Math.min(box.right, outer.right), top: Math.max(box.top, outer.top), bottom: Math.min(box.bottom, outer.bottom) };
          }
          return box;
        };
        const shown = [...document.querySelectorAll("h1, h2, p, button, select, input, output, svg, canvas, legend, figcaption, summary, .name, .limit-text, .field > span")]
          .filter((e) => e.getClientRects().length && !e.closest(".views, dialog, .toggle, .transport, #pictures, select") && !["start"].includes(e.id))
          .map((e) => ({ e, box: clipped(e) })).filter(({ box }) => box.right - box.left > 1 && box.bottom - box.top > 1);
        const pairs = [];
        for (let i = 0; i < shown.length; i++)
          for (let j = i + 1; j < shown.length; j++) {
            const a = shown[i], b = shown[j];
            if (a.e.contains(b.e) || b.e.contains(a.e)) continue;
            const w = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left), h = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
            if (w > 1.5 && h > 1.5) pairs.push([a.e, b.e].map((e) => e.id || e.className.baseVal || e.className || e.tagName).join(" over "));
          }
        const texts = [...document.querySelectorAll("#panels text")].map((e) => ({ t: e.textContent, b: e.getBoundingClientRect() }));
        for (let i = 0; i < texts.length; i++)
          for (let j = i + 1; j < texts.length; j++) {
            const a = texts[i].b, b = texts[j].b;
            if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2) pairs.push(`"${texts[i].t}" over "${texts[j].t}"`);
          }
        return { pairs, sideways: document.documentElement.scrollWidth - innerWidth };
      })) });
      await page.close();
    }
    return found;
  },

  /** From a slider to the picture: the page's own work, with style and layout, in milliseconds. */
  async speed() {
    const found = [];
    for (const look of given.looks) {
      const page = await opened(look);
      if (look.lesson) await choose(page, "#lesson", look.lesson);
      // The processor's time for it does not depend on who else is at work on the machine.
      const session = await page.context().newCDPSession(page);
      await session.send("Performance.enable", { timeDomain: "threadTicks" });
      const busy = async () => (await session.send("Performance.getMetrics")).metrics.find(({ name }) => name === "TaskDuration").value;
      const begun = await busy();
      const times = await page.evaluate(async () => {
        const slider = document.querySelector(".card input[type=range]"), times = [];
        for (let k = 0; k < 80; k++) {
          slider.value = String(300 + ((k * 37) % 300));
          let first = 0;
          requestAnimationFrame(() => {
            first = performance.now();
          });
          const before = performance.now();
          slider.dispatchEvent(new Event("input", { bubbles: true }));
          const handled = performance.now() - before;
          await new Promise((done) => {
            requestAnimationFrame(() => {
              document.body.getBoundingClientRect();
              times.push(handled + performance.now() - first);
              setTimeout(done, 0);
            });
          });
        }
        return times.sort((a, b) => a - b);
      });
      found.push({ look, median: times[40], worst: times[76], processor: ((await busy()) - begun) * 1000 / 80 });
      await page.close();
    }
    return found;
  },

  /** In a sandboxed frame, as notebooks show HTML. */
  async frame() {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.on("pageerror", (error) => told.errors.push(error.message));
    let requests = 0;
    page.on("request", (request) => {
      if (!/^(data|blob|about):/.test(request.url())) requests += 1;
    });
    await page.setContent(`<!doctype html><p>notebook</p>${readFileSync(given.frame, "utf8")}`);
    const inside = page.frames()[1] ?? (await page.waitForEvent("frameattached"));
    await inside.waitForSelector(".card");
    await inside.locator("#go-ahead").click();
    await inside.locator(".card input[type=range]").first().press("ArrowRight");
    await inside.waitForTimeout(200);
    return { requests, where: await inside.locator("#where").textContent(), verdicts: await inside.locator(".verdict").count() };
  },

  /** A whole lesson by the keyboard alone. */
  async keyboard() {
    const page = await opened(), reached = new Set();
    for (let k = 0; k < 90; k++) {
      await page.keyboard.press("Tab");
      reached.add(await page.evaluate(() => document.activeElement.id || document.activeElement.getAttribute("aria-label") || document.activeElement.tagName));
    }
    const focus = (id) => page.evaluate((i) => document.getElementById(i).focus(), id);
    await focus("start");
    const before = await asked(page);
    await page.keyboard.press("ArrowUp");
    await settled(page);
    const after = await asked(page);
    await page.evaluate(() => document.activeElement.blur());
    await page.keyboard.press("ArrowRight");
    await settled(page);
    const stepped = await page.locator("#where").textContent();
    await page.locator("#view-map").press("Enter");
    await page.waitForTimeout(2500);
    await page.locator("#fates").focus();
    for (const key of ["ArrowRight", "ArrowRight", "ArrowUp", "Enter"]) await page.keyboard.press(key);
    await settled(page);
    const mapped = await asked(page);
    return { reached: [...reached], moved: before.address !== after.address, stepped, mapped: mapped.address !== after.address };
  },

  /** Pictures are handed out as files. */
  async pictures() {
    const page = await opened(), sizes = {};
    for (const kind of ["svg", "png"]) {
      const [download] = await Promise.all([page.waitForEvent("download"), page.click(`#save-${kind}`)]);
      const text = readFileSync(await download.path());
      sizes[kind] = { name: download.suggestedFilename(), size: text.length, begins: text.subarray(0, 8).toString("latin1"), width: kind === "png" ? text.readUInt32BE(16) : 0, height: kind === "png" ? text.readUInt32BE(20) : 0 };
    }
    return sizes;
  },

  /** Every mission opens undone, and its answer does it. */
  async missions() {
    const found = [];
    for (const { mission, address } of given.missions) {
      const page = await opened();
      await choose(page, "#mission", mission);
      const before = await page.locator("#told").textContent();
      await page.evaluate((hash) => {
        location.hash = hash;
      }, address);
      await page.waitForTimeout(200);
      found.push({ mission, before, after: await page.locator("#told").textContent() });
      await page.close();
    }
    return found;
  },
};

const findings = await scenarios[process.argv[2]]();
await browser.close();
process.stdout.write(JSON.stringify({ findings, ...told }));
