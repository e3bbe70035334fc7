// Open pages of the site from the disk: `node open_pages.mjs < arguments.json > findings.json`.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const tools = createRequire(new URL("../../tools/explorer/package.json", import.meta.url));
const { chromium } = tools("playwright-core");
const given = JSON.parse(readFileSync(0, "utf8"));
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
const browser = await chromium.launch({ executablePath: given.chromium, args: FLAGS });
const told = { requests: [], failed: [], errors: [], looks: [], explorer: {}, found: [] };
const root = pathToFileURL(`${given.site}/`).href;

for (const width of given.widths) {
  for (const name of given.pages) {
    const page = await browser.newPage({ viewport: { width, height: 900 } });
    page.on("request", (request) => told.requests.push(request.url().slice(0, 200)));
    page.on("requestfailed", (request) => told.failed.push(request.url().slice(0, 200)));
    page.on("pageerror", (error) => told.errors.push(`${name}: ${error.message}`));
    page.on("console", (message) => message.type() === "error" && told.errors.push(`${name}: ${message.text()}`));
    await page.goto(root + name);
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    told.looks.push({ name, width, sideways });
    const frame = await page.$(".explorer iframe");
    if (frame && width === given.widths[0]) {
      await frame.scrollIntoViewIfNeeded();
      const inside = await frame.contentFrame();
      await inside.waitForSelector(".card");
      if (["index.html", "reference/problems/valleys.html"].includes(name)) told.explorer[name] = await inside.inputValue("#problem");
    }
    if (name.startsWith("search.html") && width === given.widths[0]) {
      await page.waitForSelector("#search-results li a");
      told.found = await page.$$eval("#search-results li a", (links) => links.map((link) => link.getAttribute("href")));
    }
    await page.close();
  }
}
await browser.close();
console.log(JSON.stringify(told));
