// The widget's behaviour: keys, focus, requests, filters, recent searches, events.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { active, ask, clean, counted, dev, fired, focused, input, open, openDialog, part, searches, settled, titles, until } from "./harness.mjs";

const isOpen = (page) => page.evaluate(() => document.querySelector("cloze-search").view.dialog.open);
const live = (page) => page.evaluate(() => document.querySelector("cloze-search").view.live.textContent);
const stored = (page) => page.evaluate(() => JSON.parse(localStorage.getItem("cloze-recent") ?? "[]"));
const stay = (page) => page.evaluate(() => (window.routed = true)); // a router takes every selection

describe("keyboard", () => {
  test("from the button to a result and back, without a mouse", async () => {
    const page = await open();
    await page.focus("#before");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    assert.equal(await focused(page), "input");
    await page.keyboard.type("index");
    await settled(page);
    assert.equal(await active(page), null);
    await page.keyboard.press("ArrowDown");
    assert.deepEqual(await active(page), { text: "Keep the index fresh", selected: "true" });
    await page.keyboard.press("ArrowDown");
    assert.equal((await active(page)).text, "What happens when a file is broken");
    await page.keyboard.press("End");
    assert.equal((await active(page)).text, "How long does a build take");
    await page.keyboard.press("ArrowDown");
    assert.equal((await active(page)).text, "Keep the index fresh", "around the end");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Home");
    assert.equal((await active(page)).text, "Keep the index fresh");
    await page.keyboard.press("Escape");
    assert.equal(await input(page).inputValue(), "", "the first Escape clears");
    assert.ok(await isOpen(page));
    await page.keyboard.press("Escape");
    assert.ok(!(await isOpen(page)), "the second closes");
    assert.equal(await focused(page), "button");
    await clean(page);
  });

  test("Home and End belong to the text while nothing is active", async () => {
    const page = await open();
    await openDialog(page);
    await page.keyboard.type("index");
    await settled(page);
    await page.keyboard.press("Home");
    await page.keyboard.type("my ");
    assert.equal(await input(page).inputValue(), "my index");
  });

  test("Enter opens the first result, and the page follows the link", async () => {
    const page = await open();
    await openDialog(page);
    await ask(page, "index");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/freshness#watch-a-folder$/);
  });

  test("Enter that comes before the answer opens the first result of that answer", async () => {
    const page = await open({ scenario: "race" });
    await openDialog(page);
    await stay(page);
    await input(page).fill("slow");
    await page.keyboard.press("Enter");
    await until(page, () => window.fired.some(({ type }) => type === "cloze-select"));
    assert.equal((await fired(page, "cloze-select"))[0].title, "Answer to slow");
  });

  test("Enter with Control opens a new tab and leaves the dialog open", async () => {
    const page = await open();
    await openDialog(page);
    await ask(page, "index");
    const [tab] = await Promise.all([page.context().waitForEvent("page"), page.keyboard.press("Control+Enter")]);
    assert.match(tab.url(), /freshness/);
    assert.ok(await isOpen(page));
    assert.equal((await fired(page, "cloze-select"))[0].newTab, true);
    assert.equal(await tab.evaluate(() => window.opener), null);
  });

  test("keys of a composition are left alone", async () => {
    const page = await open();
    await openDialog(page);
    await ask(page, "index");
    await stay(page);
    for (const [key, init] of [["Enter", { isComposing: true }], ["Enter", { keyCode: 229 }], ["Escape", { isComposing: true }], ["ArrowDown", { isComposing: true }]]) {
      await input(page).evaluate((node, { key, init }) => node.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, composed: true, ...init })), { key, init });
    }
    assert.equal(await input(page).inputValue(), "index");
    assert.equal(await active(page), null);
    assert.deepEqual(await fired(page, "cloze-select"), []);
  });

  test("half a character is not searched for", async () => {
    const page = await open();
    await openDialog(page);
    const compose = (value, isComposing, type = "input") => input(page).evaluate((node, { value, isComposing, type }) => {
      node.value = value;
      node.dispatchEvent(new (type === "input" ? InputEvent : CompositionEvent)(type, { bubbles: true, composed: true, isComposing }));
    }, { value, isComposing, type });
    await compose("さk", true);
    await page.waitForTimeout(300);
    assert.equal(searches().length, 0);
    await compose("検索", false, "compositionend");
    await settled(page);
    assert.deepEqual([...new Set(searches().map(({ params }) => params.get("q")))], ["検索"]);
  });

  test("Tab stays in the dialog", async () => {
    const page = await open({ attributes: { facets: "tags" } });
    await openDialog(page);
    await ask(page, "index");
    const stops = new Set();
    for (let step = 0; step < 12; step++) {
      await page.keyboard.press("Tab");
      stops.add(await focused(page));
    }
    assert.ok(!["before", "after", "text", "button"].some((outside) => stops.has(outside)), [...stops].join(" "));
    assert.ok(stops.has("chip") && stops.has("more") && stops.has("input"));
  });
});

describe("hotkeys", () => {
  for (const keys of ["/", "Control+k"]) {
    test(`${keys} opens, and gives the focus back`, async () => {
      const page = await open();
      await page.focus("#after");
      await page.keyboard.press(keys);
      assert.ok(await isOpen(page));
      assert.equal(await input(page).inputValue(), "");
      await page.keyboard.press("Escape");
      assert.equal(await focused(page), "after");
    });
  }

  for (const place of ["#text", "#area", "#choice", "#editable", "#shadowed #inner", "#closed"]) {
    test(`no key is taken from ${place}`, async () => {
      const page = await open({ attributes: { hotkeys: "/ mod+k alt+s" } });
      await page.locator(place).focus();
      for (const keys of ["/", "Control+k", "Alt+s"]) {
        await page.keyboard.press(keys);
        assert.ok(!(await isOpen(page)), keys);
      }
      assert.equal(await focused(page), place.split("#").pop());
    });
  }

  test("the widget's own field takes text, and the key that opened closes", async () => {
    const page = await open();
    await page.focus("#after");
    await page.keyboard.press("Control+k");
    await page.keyboard.type("a/b");
    assert.equal(await input(page).inputValue(), "a/b");
    await page.keyboard.press("Control+k");
    assert.ok(!(await isOpen(page)));
    assert.equal(await focused(page), "after");
  });

  test("the widget leaves alone keys that the page has handled, composes or switched off", async () => {
    const page = await open();
    await page.evaluate(() => document.body.addEventListener("keydown", (event) => event.preventDefault(), { once: true }));
    await page.keyboard.press("/");
    assert.ok(!(await isOpen(page)));
    await page.evaluate(() => document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "/", bubbles: true, isComposing: true })));
    assert.ok(!(await isOpen(page)));
    await page.evaluate(() => document.querySelector("cloze-search").setAttribute("hotkeys", "none"));
    await page.keyboard.press("/");
    assert.ok(!(await isOpen(page)));
    await page.evaluate(() => document.querySelector("cloze-search").setAttribute("hotkeys", "alt+s"));
    await page.keyboard.press("Alt+s");
    assert.ok(await isOpen(page));
  });

  test("a layout with Shift for the slash, and one without Latin letters", async () => {
    const page = await open();
    const press = (init) => page.evaluate((init) => document.body.dispatchEvent(new KeyboardEvent("keydown", { bubbles: true, cancelable: true, ...init })), init);
    await press({ key: "/", shiftKey: true });
    assert.ok(await isOpen(page));
    await page.keyboard.press("Escape");
    await press({ key: "л", code: "KeyK", ctrlKey: true });
    assert.ok(await isOpen(page));
  });
});

describe("requests", () => {
  const how = ({ params }) => ["q", "prefix", "encoder"].map((name) => params.get(name));
  const plain = () => searches().filter(({ params }) => !params.has("highlight"));

  test("the last word is unfinished until a space follows", async () => {
    const page = await open();
    await openDialog(page);
    await page.keyboard.type("index");
    await settled(page);
    assert.deepEqual(how(searches().at(-1)), ["index", "true", "model"]);
    await page.keyboard.type(" ");
    await settled(page);
    assert.deepEqual(how(searches().at(-1)), ["index", null, null]);
  });

  test("a late answer to an older question is not drawn", async () => {
    const page = await open({ scenario: "race" });
    await openDialog(page);
    await input(page).fill("slow");
    await page.waitForTimeout(200);
    await input(page).fill("fast");
    await settled(page);
    assert.deepEqual(await titles(page), ["Answer to fast"]);
    await page.waitForTimeout(800);
    assert.deepEqual(await titles(page), ["Answer to fast"]);
  });

  test("an answer that was there before is shown without a request", async () => {
    const page = await open();
    await openDialog(page);
    await ask(page, "index");
    await ask(page, "formats");
    const before = plain().length;
    await ask(page, "index");
    assert.equal(plain().length, before);
    assert.equal(await part(page, "page").count(), 10);
  });

  test("snippets by meaning come in place after a pause", async () => {
    const page = await open();
    await openDialog(page);
    await input(page).fill("index");
    const snippets = part(page, "top .snippet");
    assert.match(await snippets.first().textContent(), /^The indexer/);
    const heights = () => snippets.evaluateAll((nodes) => nodes.map((node) => [node.offsetTop, node.offsetHeight]));
    const before = await heights();
    await until(page, () => /^By meaning/.test(document.querySelector("cloze-search").shadowRoot.querySelector(".top .snippet").textContent));
    assert.deepEqual(await heights(), before);
    assert.equal(searches().filter(({ params }) => params.get("highlight") === "semantic").length, 1);
    assert.equal((await snippets.allTextContents()).filter((text) => text.startsWith("By meaning")).length, 5);
    assert.equal(await part(page, "mark").first().textContent(), "meaning");
  });

  test("if they fail, nothing changes", async () => {
    const page = await open({ scenario: "halfsemantic" });
    await openDialog(page);
    await ask(page, "index");
    await page.waitForTimeout(700);
    assert.equal(searches().length, plain().length + 1);
    assert.equal(await part(page, "message").textContent(), "");
    assert.match(await part(page, "top .snippet").first().textContent(), /^The indexer/);
  });

  test("the widget asks a busy server once more on its own, then on request", async () => {
    const page = await open({ scenario: "busy" });
    await openDialog(page);
    await input(page).fill("index");
    await until(page, () => document.querySelector("cloze-search").view.list.children.length === 10);
    const tired = await open({ scenario: "overloaded" });
    await openDialog(tired);
    await input(tired).fill("index");
    await part(tired, "retry").waitFor();
    assert.deepEqual(searches().filter(({ name }) => name === "overloaded").map(how), [["index", "true", null], ...Array(2).fill(["index", "true", "model"])]);
    assert.match(await part(tired, "message").textContent(), /busy/);
  });

  test("without a connection, it goes on when that is back", async () => {
    const page = await open();
    await openDialog(page);
    await page.context().setOffline(true);
    await ask(page, "index");
    assert.match(await part(page, "message").textContent(), /offline/);
    await page.context().setOffline(false);
    await until(page, () => document.querySelector("cloze-search").view.list.children.length === 10);
    assert.equal(await part(page, "message").textContent(), "");
  });

  for (const scenario of ["error", "html"]) {
    test(`${scenario}: the button asks again`, async () => {
      const page = await open({ scenario });
      await openDialog(page);
      await ask(page, "index");
      const before = searches().length;
      await part(page, "retry").click();
      await settled(page);
      assert.equal(searches().length, before + 1);
    });
  }

  test("Show more adds the next pages, each once", async () => {
    const page = await open();
    await openDialog(page);
    await ask(page, "index");
    await part(page, "more").click();
    await settled(page);
    assert.equal(await part(page, "page").count(), 20);
    assert.equal((await active(page)).text, (await titles(page))[10]);
    await part(page, "more").click();
    await settled(page);
    assert.equal(await part(page, "page").count(), 24);
    assert.ok(!(await part(page, "more").isVisible()));
    assert.deepEqual(searches().map(({ params }) => params.get("offset")).filter(Boolean), ["10", "20"]);
  });

  test("key, mode, explain, limit, filters and facets are sent", async () => {
    const page = await open({ scenario: "keyed", attributes: { key: "secret", mode: "keyword", explain: "", limit: "7", filter: 'version:3 tags:"guide"', facets: "tags, version" } });
    await openDialog(page);
    await ask(page, "index");
    const { params } = searches()[0];
    assert.equal(await part(page, "page").count(), 7);
    assert.deepEqual(params.getAll("filter"), ["version:3", "tags:guide"]);
    assert.deepEqual(["mode", "explain", "limit", "facets"].map((name) => params.get(name)), ["keyword", "true", "7", "tags,version"]);
  });

  test("the server of the script is asked where no endpoint is named", async () => {
    const page = await open({ attributes: { endpoint: "" } });
    await page.evaluate(() => document.querySelector("cloze-search").removeAttribute("endpoint"));
    assert.equal(await page.evaluate(() => document.querySelector("cloze-search").api.url("search")), `${dev.url}/search`);
    await openDialog(page);
    await ask(page, "index");
    assert.equal(await part(page, "page").count(), 10);
  });
});

describe("counting", () => {
  const queries = () => counted().map(({ params }) => params.get("q"));

  test("the final query is counted once, not the letters on the way there", async () => {
    const page = await open({ attributes: { facets: "tags" } });
    await openDialog(page);
    await page.keyboard.type("how index", { delay: 120 });
    await settled(page);
    assert.deepEqual(queries(), []);
    await page.waitForTimeout(1300);
    assert.deepEqual(queries(), ["how index"]);
    await part(page, "chip").first().click();
    await settled(page);
    await part(page, "more").click();
    await page.waitForTimeout(1300);
    assert.deepEqual(queries(), ["how index"], "filtered and read on, it is the same search");
    await part(page, "clear").click();
    await ask(page, "how index");
    await page.waitForTimeout(1300);
    assert.deepEqual(queries(), ["how index", "how index"], "asked again, it is another");
  });

  test("a search that finds nothing is counted, too", async () => {
    const page = await open({ scenario: "nothing" });
    await openDialog(page);
    await ask(page, "xyzzy");
    await page.waitForTimeout(1300);
    assert.deepEqual(queries(), ["xyzzy"]);
  });

  test("a result that is opened at once counts its search, and one click", async () => {
    const page = await open({ attributes: { "report-clicks": "" } });
    await openDialog(page);
    await stay(page);
    await ask(page, "index");
    await part(page, "top").nth(1).click({ button: "middle" });
    await part(page, "top").nth(2).click({ button: "middle" });
    await page.keyboard.press("Enter");
    await page.waitForTimeout(1300);
    assert.deepEqual(queries(), ["index"]);
    assert.equal(dev.log.filter(({ path }) => path === "click").length, 1);
  });
});

describe("filters", () => {
  test("chips count, filter, and stay where they are", async () => {
    const page = await open({ attributes: { facets: "tags,version" } });
    await openDialog(page);
    await ask(page, "index");
    const chips = part(page, "chip");
    assert.deepEqual(await chips.allTextContents(), ["guide 12", "reference 12", "3 16", "2 8"]);
    await chips.nth(1).focus();
    await page.keyboard.press("Enter");
    await settled(page);
    assert.deepEqual(await chips.allTextContents(), ["guide ", "reference 12", "3 8", "2 4"]);
    assert.equal(await chips.nth(1).getAttribute("aria-pressed"), "true");
    assert.equal(await focused(page), "chip");
    assert.equal(await part(page, "count").textContent(), "12 results");
    assert.deepEqual(searches().at(-1).params.getAll("filter"), ["tags:reference"]);
    await chips.nth(1).click();
    await settled(page);
    assert.equal(await part(page, "count").textContent(), "24 results");
  });
});

describe("recent searches", () => {
  const NINE = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
  const store = (page, queries = NINE) => page.evaluate((list) => localStorage.setItem("cloze-recent", JSON.stringify(list)), queries);

  test("one that led somewhere comes first, eight are kept", async () => {
    const page = await open();
    await store(page);
    await openDialog(page);
    await stay(page);
    await ask(page, "index");
    assert.equal((await stored(page)).includes("index"), false, "only asked");
    await page.keyboard.press("Enter");
    assert.deepEqual(await stored(page), ["index", ...NINE.slice(0, 7)]);
  });

  test("they are asked again by mouse and by key", async () => {
    const page = await open();
    await store(page);
    await openDialog(page);
    assert.equal(await part(page, "recent").count(), 8);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await settled(page);
    assert.equal(await input(page).inputValue(), "two");
    assert.equal(await part(page, "page").count(), 10);
    await page.keyboard.press("Escape");
    await part(page, "recent").nth(2).click();
    await settled(page);
    assert.equal(await input(page).inputValue(), "three");
  });

  test("they are removed singly and altogether", async () => {
    const page = await open();
    await store(page, ["one", "two"]);
    await openDialog(page);
    await part(page, "remove").first().click();
    assert.deepEqual(await stored(page), ["two"]);
    assert.equal(await focused(page), "input");
    await part(page, "forget").click();
    assert.deepEqual(await stored(page), []);
    assert.equal(await part(page, "recent").count(), 0);
  });

  test("no-recent shows and keeps none", async () => {
    const page = await open({ attributes: { "no-recent": "" } });
    await store(page, ["one"]);
    await openDialog(page);
    assert.equal(await part(page, "recent").count(), 0);
    await stay(page);
    await ask(page, "index");
    await page.keyboard.press("Enter");
    assert.deepEqual(await stored(page), ["one"]);
  });

  for (const [what, before] of [
    ["forbidden", () => Object.defineProperty(window, "localStorage", { get: () => { throw new DOMException("no", "SecurityError"); } })],
    ["full of something else", () => localStorage.setItem("cloze-recent", '{"a":1}')],
    ["broken", () => localStorage.setItem("cloze-recent", "[")],
  ]) {
    test(`a storage that is ${what} does no harm`, async () => {
      const page = await open({ before });
      await openDialog(page);
      await stay(page);
      await ask(page, "index");
      await page.keyboard.press("Enter");
      await clean(page);
    });
  }
});

describe("events and methods", () => {
  test("open, results, select and close are told to the page", async () => {
    const page = await open();
    await page.evaluate(() => document.querySelector("cloze-search").open("index"));
    await settled(page);
    await stay(page);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    const url = `${dev.url}/build#broken`;
    assert.deepEqual(await fired(page, "cloze-select"), [{ url, title: "What happens when a file is broken", query: "index", position: 1, newTab: false }]);
    assert.ok(!(await isOpen(page)), "a router still wants the dialog away");
    // A dialog tells of its closing a moment after it is closed.
    await until(page, () => window.fired.some(({ type }) => type === "cloze-close"));
    for (const type of ["cloze-open", "cloze-close", "cloze-results"]) assert.equal((await fired(page, type)).length, 1, type);
    assert.match(page.url(), /\/test/, "and goes there on its own");
  });

  test("a click of the mouse can be taken, too; with Control it is a new tab", async () => {
    const page = await open();
    await openDialog(page);
    await ask(page, "index");
    const [tab] = await Promise.all([page.context().waitForEvent("page"), part(page, "top").nth(1).click({ modifiers: ["Control"] })]);
    assert.match(tab.url(), /build/);
    await stay(page);
    await part(page, "top").nth(1).click({ button: "middle" });
    await part(page, "top").nth(1).click();
    assert.deepEqual((await fired(page, "cloze-select")).map(({ newTab, position }) => [newTab, position]), [[true, 2], [true, 2], [false, 2]]);
    assert.match(page.url(), /\/test/);
    assert.equal(page.context().pages().length, 2);
  });

  test("report-clicks sends a beacon as text", async () => {
    const page = await open({ attributes: { "report-clicks": "" } });
    await openDialog(page);
    await stay(page);
    await ask(page, "index");
    await page.keyboard.press("Enter");
    await page.waitForTimeout(300);
    const click = dev.log.find(({ path }) => path === "click");
    assert.deepEqual(JSON.parse(click.body), { query: "index", url: `${dev.url}/freshness#watch-a-folder`, position: 1 });
    assert.match(click.headers["content-type"], /^text\/plain/);
    assert.equal(await part(page, "page").count(), 10);
  });

  test("without it, nothing is sent", async () => {
    const page = await open();
    await openDialog(page);
    await stay(page);
    await ask(page, "index");
    await page.keyboard.press("Enter");
    await page.waitForTimeout(300);
    assert.equal(dev.log.some(({ path }) => path === "click"), false);
  });

  test("a press on the backdrop closes, one that began in the field does not", async () => {
    const page = await open();
    await openDialog(page);
    await input(page).hover();
    await page.mouse.down();
    await page.mouse.move(20, 400);
    await page.mouse.up();
    assert.ok(await isOpen(page));
    await page.mouse.click(20, 400);
    assert.ok(!(await isOpen(page)));
  });

  test("a suggestion without an address is searched for", async () => {
    const page = await open({ scenario: "nothing" });
    await openDialog(page);
    await ask(page, "xyzzy");
    await part(page, "suggestion").nth(1).click();
    assert.equal(await input(page).inputValue(), "freshness");
  });

  test("the corrected query is one click away", async () => {
    const page = await open({ scenario: "corrected" });
    await openDialog(page);
    await ask(page, "freshnes");
    await part(page, "adopt").click();
    await settled(page);
    assert.equal(await input(page).inputValue(), "freshness");
    assert.equal(await part(page, "adopt").count(), 0);
  });

  test("base-url decides where relative addresses lead", async () => {
    const page = await open({ scenario: "bare", attributes: { "base-url": "https://docs.example.org/v3/" } });
    await openDialog(page);
    await ask(page, "index");
    assert.equal(await part(page, "top").getAttribute("href"), "https://docs.example.org/v3/page.html");
  });
});

describe("speech", () => {
  test("a result count only after a pause, loading only after long", async () => {
    const page = await open({ scenario: "slow" });
    await openDialog(page);
    await input(page).fill("index");
    await page.waitForTimeout(500);
    assert.equal(await live(page), "");
    await until(page, () => document.querySelector("cloze-search").view.live.textContent === "Searching…");
    await settled(page);
    assert.equal(await live(page), "");
    await until(page, () => document.querySelector("cloze-search").view.live.textContent === "24 results");
  });

  test("that nothing was found is spoken", async () => {
    const page = await open({ scenario: "nothing" });
    await openDialog(page);
    await ask(page, "xyzzy");
    await until(page, () => document.querySelector("cloze-search").view.live.textContent === "Nothing found for “xyzzy”");
  });

  test("the field says what it controls", async () => {
    const page = await open();
    await openDialog(page);
    assert.equal(await input(page).getAttribute("aria-expanded"), "false");
    await ask(page, "index");
    assert.equal(await input(page).getAttribute("aria-expanded"), "true");
    assert.equal(await input(page).getAttribute("aria-controls"), await part(page, "results").getAttribute("id"));
  });
});

describe("labels", () => {
  for (const [lang, count] of [["de", "24 Ergebnisse"], ["fr-CA", "24 résultats"], ["es", "24 resultados"], ["ja", "24 件"], ["it", "24 results"], ["not a tag", "24 results"]]) {
    test(lang, async () => {
      const page = await open({ lang });
      await openDialog(page);
      await ask(page, "index");
      assert.equal(await part(page, "count").textContent(), count);
    });
  }

  test("single texts are replaced, and set before the script came they count, too", async () => {
    const page = await open({
      attributes: { placeholder: "Find it" },
      before: () => document.addEventListener("DOMContentLoaded", () => (document.querySelector("cloze-search").labels = { more: "Weiter" }), { capture: true }),
    });
    await openDialog(page);
    assert.equal(await input(page).getAttribute("placeholder"), "Find it");
    await page.evaluate(() => (document.querySelector("cloze-search").labels = { more: "And more" }));
    await ask(page, "index");
    assert.equal(await part(page, "more").textContent(), "And more");
  });

  test("at least so many", async () => {
    const page = await open({ scenario: "atleast" });
    await openDialog(page);
    await ask(page, "index");
    assert.equal(await part(page, "count").textContent(), "200+ results");
  });
});
