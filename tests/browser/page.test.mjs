// The search page: an address that holds the search, modes, explanations.

import assert from "node:assert/strict";
import { test } from "node:test";
import { accessible, ask, clean, dev, input, open, part, searches, settled, shoot, titles, until } from "./harness.mjs";

const visit = (path = "", appearance = {}) => open({ url: `${dev.url}/${path}`, ...appearance });
const address = (page) => new URL(page.url()).search;

test("the start shows examples and the size of the index, and takes the focus", async () => {
  const page = await visit();
  await until(page, () => /17 pages/.test(document.getElementById("generation").textContent));
  assert.equal(await page.evaluate(() => document.activeElement.localName), "cloze-search");
  await accessible(page);
  await shoot(page, "page-start");
  await page.getByRole("button", { name: "embed the search page" }).click();
  await settled(page);
  assert.equal(address(page), "?q=embed+the+search+page");
  assert.equal((await titles(page)).length, 10);
  assert.ok(!(await page.locator("#start").isVisible()));
  await page.goBack();
  assert.equal(await input(page).inputValue(), "");
  assert.ok(await page.locator("#start").isVisible());
  await clean(page);
});

for (const [name, appearance] of Object.entries({ dark: { scheme: "dark" }, narrow: { viewport: { width: 320, height: 720 }, touch: true } })) {
  test(`the start, ${name}`, async () => {
    const page = await visit("", appearance);
    await until(page, () => /17 pages/.test(document.getElementById("generation").textContent));
    await accessible(page);
    await shoot(page, `page-start-${name}`);
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0);
    await clean(page);
  });
}

test("from right to left", async () => {
  const page = await visit("", { before: () => document.addEventListener("DOMContentLoaded", () => (document.documentElement.dir = "rtl")) });
  await until(page, () => /17 pages/.test(document.getElementById("generation").textContent));
  await accessible(page);
  await shoot(page, "page-start-rtl");
  await ask(page, "index folder");
  await page.locator("#explain").check();
  await settled(page);
  const [button, field] = await page.evaluate(() => ["clear", "input"].map((name) => document.querySelector("cloze-search").shadowRoot.querySelector(`.${name}`).getBoundingClientRect().left));
  assert.ok(button < field, "the field begins at the right");
  await accessible(page);
  await shoot(page, "page-rtl");
  assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0);
  await clean(page);
});

test("an address is a search", async () => {
  const page = await visit("?q=index+folder&mode=keyword&explain=true&filter=version:3");
  await settled(page);
  assert.equal(await input(page).inputValue(), "index folder");
  const { params } = searches()[0] ?? { params: new URLSearchParams() };
  assert.equal(await page.locator("[name=mode]:checked").inputValue(), "keyword");
  assert.ok(await page.locator("#explain").isChecked());
  assert.equal(await part(page, "chip[aria-pressed=true]").count(), 1);
  assert.equal(await page.title(), "index folder - Cloze");
  assert.equal(address(page), "?q=index+folder&mode=keyword&explain=true&filter=version:3");
  assert.ok(params);
});

test("typing changes the address, a choice adds to the history", async () => {
  const page = await visit();
  const length = () => page.evaluate(() => history.length);
  const before = await length();
  await input(page).pressSequentially("index");
  await until(page, () => location.search === "?q=index");
  assert.equal(await length(), before);
  await page.getByText("Semantic", { exact: true }).first().click();
  await settled(page);
  assert.equal(address(page), "?q=index&mode=semantic");
  assert.equal(searches().at(-1).params.get("mode"), "semantic");
  assert.equal(await length(), before + 1);
  await part(page, "chip").first().click();
  await settled(page);
  assert.equal(address(page), "?q=index&mode=semantic&filter=version%3A3");
  await page.goBack();
  await settled(page);
  assert.equal(address(page), "?q=index&mode=semantic");
  assert.equal(await part(page, "chip[aria-pressed=true]").count(), 0);
  await page.goBack();
  await settled(page);
  assert.equal(await page.locator("[name=mode]:checked").inputValue(), "hybrid");
  await clean(page);
});

for (const [name, appearance] of Object.entries({ light: {}, dark: { scheme: "dark" }, narrow: { viewport: { width: 320, height: 720 }, touch: true } })) {
  test(`explanations, ${name}`, async () => {
    const page = await visit("", appearance);
    await ask(page, "index folder");
    await page.locator("#explain").check();
    await settled(page);
    assert.equal(await part(page, "page [part=explain]").count(), 10);
    const text = await page.locator("cloze-search [part=explain]").first().textContent();
    for (const piece of ["Semantic", "55%", "rank 1", "score 0.4", "97% likely an answer"]) assert.ok(text.includes(piece), `${piece} in ${text}`);
    assert.equal(await page.locator("cloze-search [part=value]").first().getAttribute("width"), "55%");
    await page.waitForTimeout(500);
    await accessible(page);
    await shoot(page, `page-${name}`);
    await part(page, "more").click();
    await settled(page);
    assert.equal(await part(page, "page [part=explain]").count(), 20);
    await page.locator("#explain").uncheck();
    await settled(page);
    assert.equal(await part(page, "page [part=explain]").count(), 0);
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0);
    await clean(page);
  });
}

test("without scripts the page says so", async () => {
  const context = await (await visit()).context().browser().newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(`${dev.url}/`);
  assert.match(await page.locator("noscript").textContent(), /needs JavaScript/);
  await context.close();
});
