// The tools of every test: a browser, the development server, a page with the widget in it, and accessibility checks.

import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";
import { start } from "./serve.mjs";

const GENERATORS = ["html", "mdbook", "mkdocs", "jekyll", "docusaurus"];

export const { values: options } = parseArgs({
  strict: false,
  options: {
    ...Object.fromEntries(GENERATORS.map((name) => [`plain-${name}`, { type: "string" }])),
    server: { type: "string" }, static: { type: "string" }, shots: { type: "string" }, mdbook: { type: "string" }, mkdocs: { type: "string" }, html: { type: "string" }, hostile: { type: "string" }, key: { type: "string" }, browser: { type: "string", default: "/usr/bin/chromium" },
  },
});

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

export const dev = await start({ plain: { folder: options.static, faults: [] } });
const browser = await chromium.launch({ executablePath: options.browser, args: ARGUMENTS });
const opened = [];

export async function close() {
  await browser.close();
  dev.close();
}

// Requests that the page's policy blocked.
function watch() {
  window.violations = [];
  document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sourceFile, lineNumber }) => window.violations.push(`${violatedDirective} ${blockedURI} ${sourceFile}:${lineNumber}`));
}

// A page in a context of its own; `url` opens something else than the test page, `policy` names another origin that it may ask.
export async function open({ attributes = {}, scenario = "docs", scheme = "light", dir, lang, style, twice, url, viewport, touch = false, before, motion = "reduce", policy = "", element = true } = {}) {
  const context = await browser.newContext({
    viewport: viewport ?? { width: 1100, height: 800 }, colorScheme: scheme, hasTouch: touch, isMobile: touch, reducedMotion: motion, bypassCSP: false,
  });
  const page = await context.newPage();
  page.problems = [];
  page.on("dialog", (dialog) => (page.problems.push(`a dialog: ${dialog.message()}`), dialog.dismiss()));
  await page.addInitScript(watch);
  page.on("pageerror", (error) => page.problems.push(error.stack));
  if (before) await page.addInitScript(before);
  const query = new URLSearchParams({ attributes: JSON.stringify({ endpoint: `/canned/${scenario}`, ...attributes }), scheme: "auto" });
  for (const [name, value] of Object.entries({ dir, lang, style })) if (value) query.append(name, value);
  if (twice) query.append("twice", "");
  if (policy) query.append("allow", policy);
  await page.goto(url ?? `${dev.url}/test?${query}`);
  if (element) await page.waitForFunction(() => customElements.get("cloze-search"));
  dev.log.length = 0;
  opened.push(page);
  return page;
}

export const part = (page, name) => page.locator(`cloze-search .${name}`);
export const input = (page) => part(page, "input");
export const titles = (page) => part(page, "top-title").allTextContents();
const asked = (count) => dev.log.filter(({ path, params }) => path === "search" && params.get("count") === count);
export const searches = () => asked("false");
export const counted = () => asked("true");

export async function openDialog(page) {
  await part(page, "button").click();
  await input(page).waitFor({ state: "visible" });
}

// Types, and waits for the answer.
export async function ask(page, text) {
  await input(page).fill(text);
  await settled(page);
}

export async function settled(page) {
  await page.waitForFunction(() => {
    const { search } = document.querySelector("cloze-search");
    return !search.pending;
  });
}

// Until the condition holds; a test that never gets there fails with its name.
export async function until(page, condition, argument) {
  await page.waitForFunction(condition, argument, { timeout: 5000 });
}

export async function active(page) {
  return page.evaluate(() => {
    const root = document.querySelector("cloze-search").shadowRoot;
    const id = root.querySelector(".input").getAttribute("aria-activedescendant");
    const option = id && root.getElementById(id);
    return option ? { text: option.querySelector(".title").textContent, selected: option.getAttribute("aria-selected") } : null;
  });
}

// The element that has the focus, through shadow roots.
export async function focused(page) {
  return page.evaluate(() => {
    let node = document.activeElement;
    while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
    return node.id || node.className || node.localName;
  });
}

export const fired = (page, type) => page.evaluate((name) => window.fired.filter((event) => event.type === name).map(({ detail }) => detail), type);

export async function accessible(page, within = "html") {
  await page.evaluate(AXE); // through the debugger, which the policy of the page does not hold up
  const { violations } = await page.evaluate((selector) => window.axe.run(selector, { resultTypes: ["violations"] }), within);
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join("; ")}`);
  assert.deepEqual(found, []);
}

// Nothing went wrong that a test did not ask about.
export async function clean(page) {
  assert.deepEqual(page.problems, []);
  assert.deepEqual(await page.evaluate(() => window.violations ?? []), []);
  assert.equal(await page.evaluate(() => window.__pwned), undefined);
}

export async function shoot(page, name) {
  if (!options.shots) return;
  await mkdir(options.shots, { recursive: true });
  await page.screenshot({ path: `${options.shots}/${name}.png` });
}

export async function closePages() {
  for (const page of opened.splice(0)) await page.context().close();
}
