// Every state, in every dress, with axe-core.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { accessible, ask, clean, input, open, openDialog, part, shoot, titles, until } from "./harness.mjs";

const RECENT = () => localStorage.setItem("cloze-recent", JSON.stringify(["keep the index fresh", "front matter", "how long does a build take"]));

const STATES = {
  start: { check: (page) => until(page, () => !document.querySelector("cloze-search").view.start.hidden) },
  recent: { before: RECENT, check: async (page) => assert.equal(await part(page, "recent").count(), 3) },
  results: { query: "index folder", attributes: { facets: "tags,version" }, check: async (page) => assert.equal((await titles(page)).length, 10) },
  active: { query: "index folder", keys: ["ArrowDown", "ArrowDown"] },
  nothing: { scenario: "nothing", query: "xyzzy", check: (page) => until(page, () => document.querySelector("cloze-search").view.options.length === 3) },
  nosuggest: { scenario: "nosuggest", query: "xyzzy", check: async (page) => assert.equal(await part(page, "option").count(), 0) },
  error: { scenario: "error", query: "index" },
  refused: { scenario: "refused", query: "index", check: async (page) => assert.equal(await part(page, "retry").count(), 0) },
  degraded: { scenario: "degraded", query: "index", check: async (page) => assert.match(await part(page, "notice").textContent(), /incomplete/) },
  corrected: { scenario: "corrected", query: "freshnes", check: async (page) => assert.equal(await part(page, "adopt").textContent(), "freshness") },
  loading: { scenario: "slow", query: "index", pending: true, check: (page) => until(page, () => document.querySelector("cloze-search").view.root.classList.contains("waiting")) },
  offline: { prepare: (page) => page.context().setOffline(true), query: "index", check: async (page) => assert.match(await part(page, "message").textContent(), /offline/) },
  busy: { scenario: "overloaded", query: "index", check: async (page) => assert.match(await part(page, "message").textContent(), /busy/) },
  lastpage: {
    scenario: "lastpage",
    query: "index",
    async check(page) {
      await part(page, "more").click();
      await until(page, () => /failed · Try again/.test(document.querySelector("cloze-search").view.more.textContent));
      assert.equal((await titles(page)).length, 10, "the old results stay");
    },
  },
  hostile: { scenario: "hostile", query: "index", attributes: { facets: "tags" } },
  bare: { scenario: "bare", query: "index" },
};

const DRESSES = {
  light: {},
  dark: { scheme: "dark" },
  rtl: { dir: "rtl" },
  narrow: { viewport: { width: 320, height: 640 }, touch: true },
};

for (const [dress, appearance] of Object.entries(DRESSES)) {
  describe(dress, () => {
    for (const inline of [false, true]) {
      for (const [name, state] of Object.entries(STATES)) {
        test(`${name}${inline ? ", inline" : ""}`, async () => {
          const attributes = { ...state.attributes, ...(inline ? { inline: "" } : {}) };
          const page = await open({ ...appearance, scenario: state.scenario, before: state.before, attributes });
          if (inline) await input(page).focus();
          else await openDialog(page);
          await state.prepare?.(page);
          if (state.pending) await input(page).fill(state.query);
          else if (state.query) await ask(page, state.query);
          for (const key of state.keys ?? []) await page.keyboard.press(key);
          await state.check?.(page);
          if (name === "results") await page.waitForTimeout(500); // the snippets by meaning
          await accessible(page);
          await clean(page);
          await shoot(page, `${dress}-${name}${inline ? "-inline" : ""}`);
          const width = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          assert.ok(width <= 0, `${width} px wider than the screen`);
        });
      }
    }
  });
}

test("Arabic results from right to left", async () => {
  const page = await open({ scenario: "arabic", dir: "rtl", lang: "ar" });
  await page.evaluate(() => {
    document.querySelector("cloze-search").labels = { count: { zero: "لا نتائج", one: "نتيجة واحدة", two: "نتيجتان", few: "{n} نتائج", many: "{n} نتيجة", other: "{n} نتيجة" }, move: "تنقّل", open: "فتح", search: "بحث" };
  });
  await openDialog(page);
  await ask(page, "المفهرس");
  assert.match(await part(page, "count").textContent(), /نتائج/);
  await page.keyboard.press("ArrowDown");
  assert.equal(await part(page, "mark").first().textContent(), "المفهرس");
  await accessible(page);
  await shoot(page, "arabic");
});

test("Japanese results with Japanese labels", async () => {
  const page = await open({ scenario: "japanese", lang: "ja" });
  await openDialog(page);
  await ask(page, "フォルダー");
  assert.equal(await part(page, "count").textContent(), "2 件");
  assert.equal(await part(page, "mark").first().textContent(), "フォルダー");
  await accessible(page);
  await shoot(page, "japanese");
});

for (const [theme, scheme] of [["dark", "light"], ["light", "dark"]]) {
  test(`theme=${theme} against a ${scheme} system`, async () => {
    const page = await open({ scheme, attributes: { theme } });
    await openDialog(page);
    await ask(page, "index");
    const background = await part(page, "panel").evaluate((node) => getComputedStyle(node).backgroundColor);
    assert.equal(background, theme === "dark" ? "rgb(23, 27, 30)" : "rgb(255, 255, 255)");
    await accessible(page);
  });
}

test("a page that wants everything to be different", async () => {
  const page = await open({ style: "hostile" });
  const button = await part(page, "button").boundingBox();
  assert.ok(button.height <= 44, `the button is ${button.height} px high`);
  await openDialog(page);
  await ask(page, "index folder");
  const text = await part(page, "top-title").first().evaluate((node) => {
    const { fontSize, textTransform, letterSpacing, color, fontStyle } = getComputedStyle(node);
    return { fontSize, textTransform, letterSpacing: parseFloat(letterSpacing) < 1 || letterSpacing === "normal", color, fontStyle };
  });
  assert.deepEqual(text, { fontSize: "16px", textTransform: "none", letterSpacing: true, color: "rgb(27, 30, 32)", fontStyle: "normal" });
  await shoot(page, "hostile-page");
  await clean(page);
});

for (const inline of [false, true]) {
  test(`forced colours${inline ? ", inline" : ""}`, async () => {
    const page = await open({ attributes: { facets: "tags", ...(inline ? { inline: "" } : {}) } });
    await page.emulateMedia({ forcedColors: "active" });
    if (!inline) await openDialog(page);
    await ask(page, "index folder");
    await part(page, "chip").first().click();
    await until(page, () => document.querySelector("cloze-search").shadowRoot.querySelector(".chip").ariaPressed === "true");
    await input(page).focus();
    await page.keyboard.press("ArrowDown");
    // Without backgrounds, outlines show the active, pressed and focused elements, and marks keep a colour of their own.
    const outlined = (name) => part(page, name).first().evaluate((node) => getComputedStyle(node).outlineStyle);
    assert.equal(await outlined("option[aria-selected=true]"), "solid");
    assert.equal(await outlined("chip[aria-pressed=true]"), "solid");
    assert.equal(await outlined("option[aria-selected=false]"), "none");
    if (inline) assert.equal(await outlined("header"), "solid");
    const [mark, text] = await page.evaluate(() => ["mark", "snippet"].map((name) => getComputedStyle(document.querySelector("cloze-search").shadowRoot.querySelector(`.${name}`)).backgroundColor));
    assert.notEqual(mark, text);
    await accessible(page);
    await shoot(page, `forced-colours${inline ? "-inline" : ""}`);
  });
}

for (const [motion, expected] of [["reduce", ["none", "none"]], ["no-preference", ["appear", "glide"]]]) {
  test(`motion: ${motion}`, async () => {
    const page = await open({ motion, scenario: "slow" });
    await openDialog(page);
    await input(page).fill("index");
    await until(page, () => document.querySelector("cloze-search").view.root.classList.contains("waiting"));
    const names = await page.evaluate(() => {
      const root = document.querySelector("cloze-search").shadowRoot;
      return [getComputedStyle(root.querySelector(".dialog")), getComputedStyle(root.querySelector(".header"), "::after")].map((style) => style.animationName);
    });
    assert.deepEqual(names, expected);
  });
}

test("custom properties and parts", async () => {
  const page = await open({ attributes: { facets: "tags" } });
  await page.evaluate(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`cloze-search { --cloze-accent: rgb(160, 0, 80); --cloze-background: rgb(250, 250, 210); --cloze-text: rgb(20, 20, 60);
      --cloze-muted: rgb(70, 70, 90); --cloze-border: rgb(1, 2, 3); --cloze-mark: rgb(200, 255, 200); --cloze-mark-text: rgb(0, 60, 0);
      --cloze-radius: 3px; --cloze-font: "DejaVu Serif", serif; --cloze-max-width: 500px; --cloze-z-index: 7; }
      cloze-search::part(button) { text-transform: uppercase; } cloze-search::part(top-title) { font-style: italic; }`);
    document.adoptedStyleSheets = [sheet];
  });
  await openDialog(page);
  await ask(page, "index folder");
  await page.keyboard.press("ArrowDown");
  const styles = await page.evaluate(() => {
    const root = document.querySelector("cloze-search").shadowRoot;
    const style = (name, property) => getComputedStyle(root.querySelector(`.${name}`))[property];
    return {
      accent: style("option[aria-selected=true] .title", "color"), background: style("panel", "backgroundColor"), text: style("input", "color"),
      muted: style("snippet", "color"), border: style("header", "borderBlockEndColor"), mark: style("mark", "backgroundColor"), "mark-text": style("mark", "color"),
      radius: style("option", "borderTopLeftRadius"), font: style("title", "fontFamily"), "max-width": style("dialog", "maxInlineSize"), "z-index": style("cloze", "zIndex"),
      button: style("button", "textTransform"), title: style("top-title", "fontStyle"),
    };
  });
  assert.deepEqual(styles, {
    accent: "rgb(160, 0, 80)", background: "rgb(250, 250, 210)", text: "rgb(20, 20, 60)", muted: "rgb(70, 70, 90)", border: "rgb(1, 2, 3)",
    mark: "rgb(200, 255, 200)", "mark-text": "rgb(0, 60, 0)", radius: "3px", font: '"DejaVu Serif", serif', "max-width": "500px", "z-index": "7",
    button: "uppercase", title: "italic",
  });
  await accessible(page);
  await shoot(page, "themed");
});

test("targets of at least 44 px where the pointer is coarse", async () => {
  const page = await open({ ...DRESSES.narrow, attributes: { facets: "tags,version" }, before: RECENT });
  const small = async () => page.evaluate(() => [...document.querySelector("cloze-search").shadowRoot.querySelectorAll("button, .option")]
    .filter((node) => node.checkVisibility() && (node.offsetHeight < 44 || node.offsetWidth < 44)).map((node) => node.className));
  await openDialog(page);
  assert.deepEqual(await small(), []);
  await ask(page, "index");
  assert.deepEqual(await small(), []);
});
