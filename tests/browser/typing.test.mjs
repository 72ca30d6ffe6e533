// What the list shows while keys come at 30 a second. The tests hold answers back and compare orders; none measures time.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { active, clean, fired, input, open, openDialog, options, part, settled, titles, until } from "./harness.mjs";

// Runs in the page. Records requests and draws, and holds back the answers of one kind: "typed" or "encoder".
function tap() {
  Object.assign(window, { calls: [], draws: [] });
  let frame = 0, arrived = 0, nodes = new Map();
  const held = new Map();
  window.hold = (kind) => {
    let done;
    held.set(kind, { until: new Promise((resolve) => (done = resolve)), done });
  };
  window.letGo = (kind) => {
    held.get(kind).done();
    held.delete(kind);
  };

  const send = window.fetch;
  window.fetch = async (url, { signal, ...init } = {}) => {
    const { searchParams: params } = new URL(url);
    const kind = params.has("highlight") ? "snippets" : params.has("prefix") && !params.has("encoder") ? "typed" : "encoder";
    const call = { q: params.get("q"), kind, open: true, aborted: false };
    window.calls.push(call);
    call.together = window.calls.filter((other) => other.kind === kind && other.open).length;
    signal?.addEventListener("abort", () => {
      if (call.open) Object.assign(call, { open: false, aborted: true });
    });
    // An answer that is on its way comes, whatever is aborted.
    const response = await send(url, init), text = await response.text();
    await held.get(kind)?.until;
    call.open = false;
    return { ok: response.ok, status: response.status, headers: response.headers, json: async () => ((arrived = frame), JSON.parse(text)) };
  };

  addEventListener("cloze-results", ({ detail: { query, answer } }) => {
    const before = nodes, { children } = document.querySelector("cloze-search").view.list;
    nodes = new Map([...children].map((node) => [node.hit.id, node]));
    const stayed = [...nodes.keys()].filter((id) => before.has(id));
    window.draws.push({
      query, answered: answer.query, encoder: answer.encoder, frames: frame - arrived, rows: [...nodes.keys()], found: answer.hits.map(({ id }) => id),
      stayed: stayed.length, replaced: stayed.filter((id) => nodes.get(id) !== before.get(id)),
    });
  });

  // What each frame shows after the first answer.
  const look = () => {
    frame++;
    const view = document.querySelector("cloze-search")?.view;
    if (window.draws.length && !view.list.querySelector(".page")) window.emptied = true;
    requestAnimationFrame(look);
  };
  look();
}

// Types in the page itself, so that nothing here comes between two keys, and lets answers go with the last key.
const type = (page, text, release) => input(page).evaluate(async (field, [letters, kind]) => {
  field.focus();
  for (const letter of letters) {
    await new Promise((done) => setTimeout(done, 1000 / 30));
    document.execCommand("insertText", false, letter);
  }
  if (kind) window.letGo(kind);
}, [text, release]);

const draws = (page) => page.evaluate(() => window.draws);
const calls = async (page, kind) => (await page.evaluate(() => window.calls)).filter((call) => call.kind === kind);
const asked = async (page, kind) => (await calls(page, kind)).map(({ q }) => q);
const hold = (page, kind) => page.evaluate((name) => void window.hold(name), kind);
const letGo = (page, kind) => page.evaluate((name) => window.letGo(name), kind);
const drawn = (page, query) => until(page, (text) => window.draws.some((draw) => draw.query === text), query);

// Types, and lets the encoder's answer come after the typed one.
async function typeAndPause(page, text) {
  await hold(page, "encoder");
  await type(page, text);
  await drawn(page, text);
  await letGo(page, "encoder");
  await settled(page);
}

async function start(more) {
  const page = await open({ before: tap, ...more });
  await page.evaluate(() => (window.routed = true));
  await openDialog(page);
  return page;
}

// The rules for every text, whatever the server answers and when.
async function steady(page, text) {
  const all = await draws(page), lengths = all.map(({ query }) => query.length);
  assert.ok(all.every(({ query }) => text.startsWith(query)), "each draw answers what was typed");
  assert.deepEqual(lengths, lengths.toSorted((a, b) => a - b), "no draw answers an earlier text than the one before");
  for (const { query, answered, rows, found, replaced, frames } of all) {
    assert.equal(answered, query);
    assert.deepEqual(rows, found, "the list is the answer");
    assert.deepEqual(replaced, [], "a page that stays keeps its node");
    assert.ok(frames <= 1, "an answer is drawn when it comes");
  }
  assert.equal(await page.evaluate(() => window.emptied), undefined, "the list is never empty");
  assert.ok((await calls(page, "typed")).every(({ together }) => together === 1), "one typed request at a time");
  await clean(page);
}

describe("typing", () => {
  const text = "index folder";

  test("answers are drawn in turn, and the last one is the encoder's", async () => {
    const page = await start({ scenario: "ahead" });
    await typeAndPause(page, text);
    await steady(page, text);
    const all = await draws(page);
    assert.ok(all.some(({ stayed }) => stayed > 0));
    assert.deepEqual(all.slice(-2).map(({ query, encoder }) => [query, encoder]), [[text, "table"], [text, "model"]]);
    assert.deepEqual(await asked(page, "encoder"), [text]);
    assert.equal((await titles(page))[0], "Relevance");
  });

  test("the newest text waits for a late answer, and the texts between are not asked", async () => {
    const page = await start({ scenario: "ahead" });
    for (const kind of ["typed", "encoder"]) await hold(page, kind);
    await type(page, text, "typed");
    await drawn(page, text);
    await letGo(page, "encoder");
    await settled(page);
    await steady(page, text);
    assert.deepEqual(await asked(page, "typed"), ["i", text]);
    assert.deepEqual((await draws(page)).map(({ query }) => query), ["i", text, text]);
  });

  test("a typed answer that comes after the encoder's is not drawn, and its request is aborted", async () => {
    const page = await start({ scenario: "ahead" });
    await hold(page, "typed");
    await type(page, "i");
    await settled(page);
    assert.deepEqual(await calls(page, "typed"), [{ q: "i", kind: "typed", open: false, aborted: true, together: 1 }]);
    await letGo(page, "typed");
    await page.evaluate(() => new Promise((done) => setTimeout(done)));
    assert.deepEqual((await draws(page)).map(({ encoder }) => encoder), ["model"]);
    await steady(page, "i");
  });

  test("an answer of the encoder to an earlier text is not drawn", async () => {
    const page = await start({ scenario: "ahead" });
    await hold(page, "encoder");
    await type(page, "index");
    await until(page, () => window.calls.some(({ kind }) => kind === "encoder"));
    await type(page, " folder", "encoder");
    await settled(page);
    assert.equal((await calls(page, "encoder"))[0].aborted, true);
    assert.deepEqual((await draws(page)).filter(({ encoder }) => encoder === "model").map(({ query }) => query), [text]);
    await steady(page, text);
  });

  test("the active result stays active in the encoder's answer, and typing on ends that", async () => {
    const page = await start({ scenario: "ahead" });
    await hold(page, "encoder");
    await type(page, text);
    await drawn(page, text);
    await input(page).press("ArrowDown");
    const chosen = await active(page);
    await letGo(page, "encoder");
    await settled(page);
    assert.notEqual((await titles(page))[0], chosen.text, "it has moved");
    assert.deepEqual(await active(page), chosen);
    await hold(page, "typed");
    await type(page, "s");
    assert.equal(await active(page), null);
  });

  test("Enter asks the encoder at once and opens the first result of its answer", async () => {
    const page = await start({ scenario: "ahead" });
    await hold(page, "encoder");
    await type(page, text);
    await input(page).press("Enter");
    await input(page).press("Enter");
    assert.deepEqual(await asked(page, "encoder"), [text]);
    await letGo(page, "encoder");
    await until(page, () => window.fired.some(({ type }) => type === "cloze-select"));
    assert.deepEqual((await fired(page, "cloze-select")).map(({ title }) => title), ["Relevance"]);
  });

  for (const [scenario, why] of [["tableonly", "fails"], ["wordsonly", "has no encoder"]]) {
    test(`the rows of the table stay if the server ${why}`, async () => {
      const page = await start({ scenario });
      await typeAndPause(page, text);
      assert.equal((await draws(page)).at(-1).encoder, "table");
      assert.equal(await part(page, "message").textContent(), "");
      await input(page).press("Enter");
      assert.equal((await fired(page, "cloze-select"))[0].title, "Build an index");
      await steady(page, text);
    });
  }

  test("the real server: the table while typing, then what the encoder finds", { skip: !options.server }, async () => {
    const page = await start({ policy: options.server, attributes: { endpoint: options.server } }), question = "how do I keep the index fresh";
    await typeAndPause(page, question);
    await steady(page, question);
    const all = await draws(page), last = all.pop();
    assert.ok(all.length > 0 && all.every(({ encoder }) => encoder === "table"));
    assert.equal(last.encoder, "model");
    const answer = await fetch(`${options.server}/search?${new URLSearchParams({ q: question, prefix: "true", encoder: "model" })}`);
    assert.deepEqual(last.rows, (await answer.json()).hits.map(({ id }) => id));
    assert.equal(last.query, question);
  });
});
