// Against a real server, whose index holds the manual.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { accessible, ask, clean, input, open, options, part, settled, shoot, titles } from "./harness.mjs";
import { start } from "./serve.mjs";

const real = await start({ server: options.server });
after(() => real.close());
const visit = (path = "") => open({ url: `${real.url}/${path}` });

test("a question finds its page, and the first result is a page that exists", async () => {
  const page = await visit();
  await ask(page, "how do I keep the index fresh");
  assert.ok((await titles(page)).length > 0);
  assert.ok((await part(page, "mark").count()) > 0);
  await accessible(page);
  await shoot(page, "server-results");
  await input(page).press("Enter");
  await page.waitForLoadState();
  assert.equal(new URL(page.url()).pathname.startsWith("/site/"), true);
  assert.equal(await page.evaluate(async () => (await fetch(location.href)).status), 200);
});

test("modes and explanations", async () => {
  const page = await visit("?q=reverse+proxy&mode=keyword&explain=true");
  await settled(page);
  const text = await page.locator("cloze-search [part=explain]").first().textContent();
  assert.match(text, /Keyword/);
  assert.match(text, /rank 1/);
  await clean(page);
});

test("what the server refuses is said", async () => {
  const page = await visit();
  await page.evaluate(() => document.querySelector("cloze-search").setAttribute("mode", "nonsense"));
  await ask(page, "index");
  assert.match(await part(page, "message").textContent(), /mode/);
});

test("nothing is found for what is not there", async () => {
  const page = await visit("?q=%22zxqv+wvutsr%22");
  await settled(page);
  assert.match(await part(page, "message").textContent(), /Nothing found/);
  await clean(page);
});
