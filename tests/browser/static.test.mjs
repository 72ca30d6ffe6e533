// The widget on an index of plain files, without a server of Cloze.

import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { afterEach, test } from "node:test";
import { accessible, ask, clean, dev, open, openDialog, options, part, settled, shoot, titles, until } from "./harness.mjs";

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

for (const fault of ["missing", "html", "cut"]) {
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
