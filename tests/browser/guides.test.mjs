// Sites built by mdBook and MkDocs Material as the manual's guides say: from a question to the right heading.

import assert from "node:assert/strict";
import { test } from "node:test";
import { accessible, ask, clean, input, open, openDialog, options, shoot, titles } from "./harness.mjs";

for (const generator of ["mdbook", "mkdocs"]) {
  test(`${generator}: a question leads to its heading`, async () => {
    const page = await open({ url: `${options[generator]}/` });
    await openDialog(page);
    await ask(page, "what do the bees eat in the cold months");
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
    const page = await open({ url: `${options[generator]}/` });
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
