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

test("forced colours", async () => {
  const page = await open();
  await page.emulateMedia({ forcedColors: "active" });
  await openDialog(page);
  await ask(page, "index folder");
  await page.keyboard.press("ArrowDown");
  assert.notEqual(await part(page, "option[aria-selected=true]").evaluate((node) => getComputedStyle(node).outlineStyle), "none");
  await accessible(page);
  await shoot(page, "forced-colours");
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
