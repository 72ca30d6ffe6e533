// Answers are data, the widget keeps to the page's policy, and the whole stays small.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, clean, dev, input, open, openDialog, part, titles } from "./harness.mjs";
import { weight } from "./serve.mjs";

test("the script weighs at most 14,336 bytes with gzip", async () => {
  const bytes = await weight();
  assert.ok(bytes <= 14336, `${bytes} bytes`);
});

test("the widget executes nothing that the server sends, and makes no link that executes", async () => {
  const page = await open({ scenario: "hostile", attributes: { facets: "tags" } });
  await openDialog(page);
  await ask(page, "index <img src=x onerror=\"window.__pwned='query'\">");
  await page.waitForTimeout(600);
  const links = await page.evaluate(() => [...document.querySelector("cloze-search").shadowRoot.querySelectorAll("[href]")].map((node) => node.href));
  assert.deepEqual(links, [`${dev.url}/safe`]);
  assert.equal(await page.evaluate(() => document.querySelector("cloze-search").shadowRoot.querySelectorAll("img, script, iframe").length), 0);
  assert.match((await titles(page))[0], /^<img src=x onerror/);
  await clean(page);
});

test("an address that is no link cannot be chosen", async () => {
  const page = await open({ scenario: "hostile" });
  await openDialog(page);
  await ask(page, "index");
  await page.evaluate(() => (window.routed = true));
  await part(page, "top").first().click({ force: true }); // it says that it is disabled
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  const selected = await page.evaluate(() => window.fired.filter(({ type }) => type === "cloze-select").map(({ detail }) => detail.url));
  assert.deepEqual(selected, [`${dev.url}/safe`]);
  await clean(page);
});

test("suggestions and did-you-mean are data, too", async () => {
  const page = await open({ scenario: "nothing" });
  await openDialog(page);
  await ask(page, "xyzzy");
  await page.waitForTimeout(300);
  assert.equal(await part(page, "suggestion[href]").count(), 1);
  await part(page, "suggestion").nth(2).click();
  assert.equal(await input(page).inputValue(), "Bad link");
  await clean(page);
});

test("loading the script twice does no harm", async () => {
  const page = await open({ twice: true });
  await openDialog(page);
  await ask(page, "index");
  await clean(page);
});

test("moved in the page and back, it listens once", async () => {
  const page = await open();
  await page.evaluate(() => {
    const widget = document.querySelector("cloze-search");
    document.querySelector("main").append(widget);
    document.querySelector("header").append(widget);
  });
  await page.keyboard.press("/");
  assert.equal(await page.evaluate(() => window.fired.filter(({ type }) => type === "cloze-open").length), 1);
  await page.keyboard.press("Escape");
  await page.evaluate(() => document.querySelector("cloze-search").remove());
  await page.keyboard.press("/");
  await clean(page);
});

test("another origin needs its script and its answers only", async () => {
  // localhost and 127.0.0.1 are two origins of one server.
  const other = dev.url.replace("127.0.0.1", "localhost");
  const page = await open({ url: `${other}/test?${new URLSearchParams({ attributes: JSON.stringify({ endpoint: `${dev.url}/canned/docs` }), allow: dev.url })}` });
  await openDialog(page);
  await ask(page, "index");
  assert.equal(await part(page, "page").count(), 10);
  await clean(page);
});
