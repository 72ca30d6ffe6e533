// The widget on an index of plain files, without a server of Cloze.

import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { afterEach, test } from "node:test";
import { accessible, ask, clean, dev, input, open, openDialog, options, part, settled, shoot, titles, until } from "./harness.mjs";

const QUESTION = "how do I keep the index fresh";
const visit = async (more = {}) => {
  const page = await open({ attributes: { static: "/plain/", ...more } });
  await openDialog(page);
  return page;
};
const notice = (page) => part(page, "notice").textContent();

afterEach(() => Object.assign(dev.plain, { folder: options.static, faults: [] }));

test("plain files answer by words and by meaning, under a strict policy", async () => {
  const page = await visit({ "base-url": "/site" });
  const asked = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await ask(page, QUESTION);
  assert.match((await titles(page)).join(), /fresh/i);
  assert.ok((await part(page, "mark").count()) > 0);
  assert.equal(await notice(page), "");
  assert.ok(asked.length > 0 && asked.every((path) => path.startsWith("/plain/")), asked.join());
  await accessible(page);
  await shoot(page, "static-results");
  await ask(page, "get rid of old generations");
  assert.ok((await titles(page)).length > 0);
  await ask(page, "qqqxyzzy");
  assert.equal((await titles(page)).length, 0);
  await clean(page);
});

test("a mistyped word is corrected, and a partial word is completed", async () => {
  const page = await visit();
  await ask(page, "reverse proxxy ");
  assert.match(await part(page, "corrected").textContent(), /reverse proxy/);
  await ask(page, "compac");
  assert.ok((await titles(page)).length > 0);
  await clean(page);
});

for (const fault of ["missing", "html", "cut", "other"]) {
  test(`without some files (${fault}), the others are searched, and the widget says so`, async () => {
    dev.plain.faults = [[/g-[0-9a-f]+\/[nck]/, fault]];
    const page = await visit();
    await ask(page, QUESTION);
    assert.match((await titles(page)).join(), /fresh/i);
    // The list of the last key may be there before that of the pause, which says it.
    await until(page, () => /incomplete/.test(document.querySelector("cloze-search").shadowRoot.querySelector(".notice").textContent));
    await accessible(page);
    dev.plain.faults = [];
    await ask(page, "reverse proxy");
    assert.equal(await notice(page), "", "the next search tries again");
    assert.deepEqual(page.problems, []);
  });
}

test("the first hits are there before the whole answer", async () => {
  let release;
  dev.plain.faults = [[/g-[0-9a-f]+\/c/, new Promise((done) => (release = done))]];
  const page = await visit();
  await input(page).fill(QUESTION);
  await until(page, () => document.querySelector("cloze-search").shadowRoot.querySelector(".top-title"));
  const early = await titles(page);
  assert.ok(early.length <= 3 && /fresh/i.test(early.join()), early.join());
  assert.match(await part(page, "count").textContent(), /\+/, "more are to come");
  await accessible(page);
  release();
  await settled(page);
  const all = await titles(page);
  assert.ok(all.length > early.length && /fresh/i.test(all.join()), all.join());
  assert.doesNotMatch(await part(page, "count").textContent(), /\+/);
  await clean(page);
});

test("whoever comes near the field has the index open before the first key", async () => {
  const page = await open({ attributes: { static: "/plain/" } });
  const asked = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await openDialog(page);
  await page.waitForFunction(() => performance.getEntriesByType("resource").some(({ name }) => name.endsWith("/n0.bin")));
  assert.deepEqual(asked.filter((path) => /cloze\.json|search\.js/.test(path)).sort(), ["/plain/cloze.json", "/plain/search.js"]);
  await clean(page);
});

test("a module of before the last deploy is loaded again, once", async () => {
  dev.plain.faults = [[/search\.js$/, (text) => text.replace(/FORMAT=\d+/, "FORMAT=1")]];
  const page = await visit();
  await ask(page, QUESTION);
  assert.match((await titles(page)).join(), /fresh/i);
  await clean(page);
});

test("an index that is newer than every module fails with a message", async () => {
  dev.plain.faults = [[/cloze\.json/, (text) => JSON.stringify({ ...JSON.parse(text), format: 99 })]];
  const page = await visit(), asked = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await ask(page, QUESTION);
  assert.match(await part(page, "message").textContent(), /format 99/);
  assert.ok(asked.filter((path) => /search\.js/.test(path)).length <= 4, asked.join());
});

test("the service worker of the manual searches without a network", async () => {
  const page = await visit();
  await page.evaluate(async () => {
    await navigator.serviceWorker.register("/sw.js");
    await navigator.serviceWorker.ready;
  });
  const again = async () => {
    await page.reload();
    await page.waitForFunction(() => customElements.get("cloze-search") && navigator.serviceWorker.controller);
    await openDialog(page);
  };
  await again();
  await ask(page, QUESTION);
  const online = await titles(page), old = "/plain/g-0123456789ab/w0.bin";
  await page.evaluate(async (name) => (await caches.open("cloze")).put(name, new Response("of an earlier export")), old);
  await again();
  await ask(page, QUESTION);
  assert.equal(await page.evaluate(async (name) => (await caches.match(name)) === undefined, old), true);
  dev.plain.faults = [[/./, "down"]];
  await again();
  await ask(page, QUESTION);
  assert.deepEqual(await titles(page), online);
  assert.equal(await notice(page), "");
  await ask(page, "zebra crossing in a reverse proxy");
  await until(page, () => /incomplete/.test(document.querySelector("cloze-search").shadowRoot.querySelector(".notice").textContent));
  await clean(page);
});

test("without its entry, the widget offers to try again", async () => {
  dev.plain.faults = [[/cloze\.json/, "html"]];
  const page = await visit();
  await ask(page, QUESTION);
  assert.match(await part(page, "message").textContent(), /failed/i);
  dev.plain.faults = [];
  await part(page, "message").locator("button").click();
  await settled(page);
  assert.ok((await titles(page)).length > 0);
});

test("a page that is open during a deploy searches the new files", async () => {
  const folder = await mkdtemp(`${tmpdir()}/cloze-plain-`);
  try {
    const page = await visit();
    await ask(page, QUESTION);
    await cp(options.static, folder, { recursive: true });
    const entry = JSON.parse(await readFile(`${folder}/cloze.json`, "utf8"));
    await rename(`${folder}/${entry.folder}`, `${folder}/g-000000000000`);
    await writeFile(`${folder}/cloze.json`, JSON.stringify({ ...entry, folder: "g-000000000000", generation: "000099" }));
    dev.plain.folder = folder;
    await ask(page, "memory of a large index");
    assert.ok((await titles(page)).length > 0);
    assert.equal(await notice(page), "");
    await clean(page);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
