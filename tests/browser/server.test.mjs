// Against real servers: one whose index holds the manual, and one whose documents want scripts to run.

import assert from "node:assert/strict";
import { get } from "node:http";
import { describe, test } from "node:test";
import { accessible, ask, clean, dev, input, open, openDialog, options, part, settled, shoot, titles, until } from "./harness.mjs";
import { widget } from "./serve.mjs";

const visit = (path = "", more = {}) => open({ url: `${options.server}/${path}`, ...more });

test("the server sends the widget that these tests drive, in at most 14,336 bytes", async () => {
  const answer = await new Promise((done) => get(`${options.server}/widget.js`, { headers: { "accept-encoding": "gzip" } }, done));
  let bytes = 0;
  for await (const chunk of answer) bytes += chunk.length;
  assert.equal(answer.headers["content-encoding"], "gzip");
  assert.ok(bytes <= 14336, `${bytes} bytes`);
  assert.ok((await (await fetch(`${options.server}/widget.js`)).text()) === (await widget()));
});

for (const scheme of ["light", "dark"]) {
  test(`the page runs under its own policy, ${scheme}`, async () => {
    const page = await visit("", { scheme });
    const answer = await page.reload();
    assert.match(answer.headers()["content-security-policy"], /^default-src 'self'; frame-ancestors 'none'/);
    await until(page, () => /pages/.test(document.getElementById("generation").textContent));
    await accessible(page);
    await shoot(page, `server-start-${scheme}`);
    await ask(page, "how do I keep the index fresh");
    assert.ok((await titles(page)).length > 0);
    assert.ok((await part(page, "mark").count()) > 0);
    await page.waitForTimeout(500);
    await accessible(page);
    await shoot(page, `server-results-${scheme}`);
    await clean(page);
    await input(page).press("Enter");
    await page.waitForLoadState();
    assert.equal(new URL(page.url()).pathname.startsWith("/site/"), true);
    assert.equal(await page.evaluate(async () => (await fetch(location.href)).status), 200);
  });
}

for (const [name, appearance] of Object.entries({ light: {}, dark: { scheme: "dark" }, narrow: { viewport: { width: 320, height: 720 }, touch: true } })) {
  test(`the widget on a page of another origin, ${name}`, async () => {
    const page = await open({ policy: options.server, attributes: { endpoint: options.server, "base-url": options.server }, ...appearance });
    await openDialog(page);
    await ask(page, "how do I keep the index fresh");
    assert.ok((await part(page, "section").count()) > 0, "sections under their page");
    await page.waitForTimeout(600); // the snippets by meaning
    await accessible(page);
    await shoot(page, `server-widget-${name}`);
    await clean(page);
  });
}

test("modes and explanations", async () => {
  const page = await visit("?q=reverse+proxy&mode=keyword&explain=true");
  await settled(page);
  const text = await page.locator("cloze-search [part=explain]").first().textContent();
  assert.match(text, /Keyword/);
  assert.match(text, /rank 1/);
  await clean(page);
});

test("the widget explains a refusal", async () => {
  const page = await visit();
  await page.evaluate(() => document.querySelector("cloze-search").setAttribute("mode", "nonsense"));
  await ask(page, "index");
  assert.match(await part(page, "message").textContent(), /mode/);
});

test("a query without an answer finds nothing", async () => {
  const page = await visit("?q=%22zxqv+wvutsr%22");
  await settled(page);
  assert.match(await part(page, "message").textContent(), /Nothing found/);
  await clean(page);
});

test("a search is counted once, and an opened result is one click of it", async () => {
  const page = await visit();
  await page.evaluate(() => {
    document.querySelector("cloze-search").setAttribute("report-clicks", "");
    addEventListener("cloze-select", (event) => event.preventDefault());
  });
  const query = "write down the umask";
  await input(page).pressSequentially(query, { delay: 60 });
  await settled(page);
  await page.getByText("Keyword", { exact: true }).first().click();
  await settled(page);
  await page.waitForTimeout(1500);
  for (const at of [0, 0]) await part(page, "top").nth(at).click();
  await page.waitForTimeout(500);
  const answer = await fetch(`${options.server}/admin/analytics`, { headers: { authorization: `Bearer ${options.key}` } });
  const { top_queries: counted, click_through: share } = await answer.json();
  const of = (text) => counted.filter(({ query: other }) => text.startsWith(other)).map(({ query: other, searches, clicks }) => [other, searches, clicks]);
  assert.deepEqual(of(query), [[query, 1, 1]]);
  assert.ok(share > 0 && share <= 1, `${share}`);
});

for (const [name, appearance] of Object.entries({ light: {}, dark: { scheme: "dark" }, narrow: { viewport: { width: 320, height: 720 }, touch: true } })) {
  test(`the reader of openapi.json, ${name}`, async () => {
    const page = await open({ url: `${options.server}/docs`, element: false, ...appearance });
    await page.locator("section h2").first().waitFor();
    assert.ok((await page.locator("section").count()) >= 9);
    for (const details of await page.locator("details").all()) await details.evaluate((node) => (node.open = true));
    await accessible(page);
    await shoot(page, `docs-${name}`);
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0);
    await clean(page);
  });
}

describe("documents that want scripts to run", () => {
  const ATTACK = "<img src=x onerror=\"window.__pwned='query'\"> orchard";

  // Nothing ran, nothing of it became an element, and every link leads where links may lead.
  async function harmless(page) {
    const [elements, links] = await page.evaluate(() => {
      const root = document.querySelector("cloze-search").shadowRoot, all = (selector) => [...document.querySelectorAll(selector), ...root.querySelectorAll(selector)];
      return [all("img, iframe, object, embed, [onerror], [onload], [onclick], [onmouseover], body script").map((node) => node.outerHTML), all("[href]").map((node) => node.href)];
    });
    assert.deepEqual(elements, []);
    assert.deepEqual(links.filter((link) => !/^https?:/.test(link)), []);
    await clean(page);
  }

  for (const query of ["orchard", ATTACK, "javascript:window.__pwned='query'", "\"><svg onload=window.__pwned=1>", "onerror plum", "${window.__pwned=1} orchard"]) {
    test(`the page, asked ${query}`, async () => {
      const page = await open({ url: `${options.hostile}/?${new URLSearchParams({ q: query, explain: "true" })}` });
      await settled(page);
      await page.waitForTimeout(1500); // snippets by meaning, suggestions, the settled search
      await harmless(page);
    });
  }

  test("the page, with everything pressed and hovered", async () => {
    const page = await open({ url: `${options.hostile}/` });
    await page.evaluate(() => addEventListener("cloze-select", (event) => event.preventDefault()));
    await ask(page, "orchard");
    if (await part(page, "more").isVisible()) await part(page, "more").click();
    await settled(page);
    assert.ok((await titles(page)).some((title) => title.includes("<img src=x onerror")), "titles keep their characters");
    assert.ok((await part(page, "chip").count()) > 0);
    for (const option of await part(page, "option").all()) {
      await option.hover({ force: true });
      await option.click({ force: true });
    }
    await shoot(page, "server-hostile");
    await part(page, "chip").first().click();
    await settled(page);
    await harmless(page);
  });

  test("the widget on another site", async () => {
    const page = await open({ policy: options.hostile, attributes: { endpoint: options.hostile, facets: "tags,version" } });
    await openDialog(page);
    await ask(page, ATTACK);
    await page.waitForTimeout(600);
    assert.ok((await part(page, "page").count()) > 0);
    await harmless(page);
    await page.evaluate(() => (window.routed = true));
    await page.keyboard.press("Enter");
    await page.keyboard.press("/");
    await part(page, "clear").click();
    assert.equal(await part(page, "recent").first().textContent(), ATTACK, "a recent search is text, too");
    await harmless(page);
    assert.match(page.url(), new RegExp(`^${dev.url}`));
  });
});
