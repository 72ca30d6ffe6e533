// Sites built as the manual's guides say: from a question to the right heading.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { accessible, ask, clean, input, open, openDialog, options, shoot, titles } from "./harness.mjs";

const read = (path) => readFile(new URL(path, import.meta.url), "utf8");

const sites = ["html", "mdbook", "mkdocs"].filter((name) => options[name]).map((name) => [name, `${options[name]}/`]);
const plain = Object.entries(options).filter(([name]) => name.startsWith("plain-"));

for (const [generator, url] of [...sites, ...plain]) {
  test(`${generator}: a question leads to its heading`, async () => {
    const page = await open({ url });
    await openDialog(page);
    await ask(page, "what to give the bees for the winter");
    assert.match((await titles(page))[0], /The year/);
    await accessible(page, "cloze-search");
    await shoot(page, `guide-${generator}`);
    await input(page).press("Enter");
    await page.waitForURL(/#feeding-for-winter$/);
    const heading = page.locator("#feeding-for-winter");
    assert.match(await heading.textContent(), /Feeding for winter/);
    await heading.waitFor({ state: "visible" });
    const { y } = await heading.boundingBox();
    assert.ok(y >= 0 && y < 800, `the heading is in view: ${y}`);
    await clean(page);
  });

  test(`${generator}: the site's own style and keys do not disturb the widget`, async () => {
    const page = await open({ url });
    await page.keyboard.press("Control+k");
    await input(page).waitFor({ state: "visible" });
    await ask(page, "old comb");
    assert.match((await titles(page))[0], /The hive|Keeping bees/);
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await input(page).waitFor({ state: "hidden" });
    await clean(page);
  });
}

// The tests use the HTML that the manual tells people to write.
for (const path of ["mdbook/theme/head.hbs", "mdbook/theme/header.hbs", "mkdocs/overrides/main.html", "docusaurus/src/theme/SearchBar.js"]) {
  test(`the manual has ${path}`, async () => {
    const [manual, file] = await Promise.all([read("../../docs/widget.md"), read(`guides/${path}`)]);
    assert.ok(manual.includes(`\n${file.replaceAll("ENDPOINT", "https://search.example.org")}\`\`\``));
  });
}
