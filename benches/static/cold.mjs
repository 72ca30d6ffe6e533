// `node cold.mjs EXPORT QUERIES [--pagefind SITE] [--runs 5] [--links 4g,fast,slow]`: milliseconds until a reader sees the
// first result and the whole answer, with an empty cache over a link that Chromium simulates, beside Pagefind in the same
// browser. The server speaks HTTP/2 and compresses scripts, as hosts of files do. QUERIES has one query a line.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createSecureServer } from "node:http2";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";

const { values: options, positionals: [plain, queriesFile] } = parseArgs({
  allowPositionals: true,
  options: { pagefind: { type: "string" }, runs: { type: "string", default: "5" }, links: { type: "string", default: "4g,fast,slow" }, browser: { type: "string", default: "/usr/bin/chromium" } },
});
const { chromium } = createRequire(new URL("../../tests/browser/harness.mjs", import.meta.url))("playwright-core");

// Latency of each request in ms, and Mbit/s. "fast" is Chromium's preset "Fast 4G", "slow" is Lighthouse's "slow 4G": both
// add to each request what several round trips of a new connection take.
const LINKS = { "4g": [60, 9], fast: [165, 8.1], slow: [562.5, 1.44] };
const TYPES = { html: "text/html", js: "text/javascript", json: "application/json", wasm: "application/wasm", css: "text/css" };
const PAGE = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Bench</title>';
const PAGES = { "/": `${PAGE}<script src="/plain/widget.js" async></script><cloze-search static="/plain/" no-recent></cloze-search>`, "/bare": PAGE };

const scratch = mkdtempSync(`${tmpdir()}/cold-`);
execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost", "-keyout", `${scratch}/key`, "-out", `${scratch}/cert`], { stdio: "ignore" });

async function content(path) {
  if (PAGES[path]) return PAGES[path];
  return readFile(path.startsWith("/plain/") ? `${plain}/${path.slice(7)}` : `${options.pagefind}${path}`).catch(() => null);
}

const packed = new Map(); // by path
const server = createSecureServer({ key: readFileSync(`${scratch}/key`), cert: readFileSync(`${scratch}/cert`) }, async (request, response) => {
  const path = decodeURIComponent(new URL(request.url, "https://localhost").pathname), kind = path.split(".").pop();
  const body = await content(path), packs = ["js", "json", "html"].includes(kind) || Boolean(PAGES[path]);
  if (body && packs && !packed.has(path)) packed.set(path, gzipSync(body));
  const headers = { "content-type": TYPES[kind] ?? (PAGES[path] ? TYPES.html : "application/octet-stream"), "cache-control": "max-age=600" };
  response.writeHead(body ? 200 : 404, body && packs ? { ...headers, "content-encoding": "gzip" } : headers);
  response.end(packed.get(path) ?? body ?? "");
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const base = `https://127.0.0.1:${server.address().port}`;

// Milliseconds until something is there and painted. `window.see` is set in each page.
const see = () => {
  window.see = (isThere, began) => new Promise((done) => {
    const look = () => (isThere() || performance.now() - began > 15000 ? requestAnimationFrame(() => done(performance.now() - began)) : setTimeout(look, 4));
    look();
  });
  window.typed = async (q, began) => {
    const element = document.querySelector("cloze-search"), shown = (count) => () => element.view.list.querySelectorAll(".page").length >= count;
    element.view.input.value = q;
    element.search.typed();
    return [await window.see(shown(1), began), await window.see(shown(4), began)];
  };
};

// Run in the page. Each gives [milliseconds to the first result, to the whole answer].
const IN_PAGE = {
  // From navigation: the page opens its own dialog with the query in it.
  navigation: async (q) => {
    await window.see(() => document.querySelector("cloze-search")?.search, 0);
    document.querySelector("cloze-search").open();
    return window.typed(q, 0);
  },
  // The reader opens the dialog, and the whole query is there at once.
  dialog: async (q) => {
    const began = performance.now();
    document.querySelector("cloze-search").open();
    return window.typed(q, began);
  },
  // The reader types a while after the dialog has opened.
  field: async (q) => {
    document.querySelector("cloze-search").open();
    await new Promise((done) => setTimeout(done, 1500));
    return window.typed(q, performance.now());
  },
  module: async (q) => {
    const began = performance.now(), index = await (await import("/plain/search.js")).open("/plain/");
    let first;
    await index.search({ q }, () => (first ??= performance.now() - began));
    const whole = performance.now() - began;
    return [first ?? whole, whole];
  },
  opened: async (q) => {
    const index = await (await import("/plain/search.js")).open("/plain/"), began = performance.now();
    let first;
    await index.search({ q }, () => (first ??= performance.now() - began));
    const whole = performance.now() - began;
    return [first ?? whole, whole];
  },
  pagefind: async (q) => {
    const began = performance.now(), engine = await import("/pagefind/pagefind.js");
    await engine.init();
    const { results } = await engine.search(q);
    await results[0]?.data();
    const first = performance.now() - began;
    await Promise.all(results.slice(0, 10).map((result) => result.data()));
    return [first, performance.now() - began];
  },
  pagefindOpened: async (q) => {
    const engine = await import("/pagefind/pagefind.js");
    await engine.init();
    const began = performance.now(), { results } = await engine.search(q);
    await results[0]?.data();
    const first = performance.now() - began;
    await Promise.all(results.slice(0, 10).map((result) => result.data()));
    return [first, performance.now() - began];
  },
};

const browser = await chromium.launch({ executablePath: options.browser, args: ["--no-sandbox", "--disable-gpu"] });
async function visit([latency, speed], engine, q) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true }), page = await context.newPage(), session = await context.newCDPSession(page);
  const throughput = (speed * 1e6) / 8;
  await session.send("Network.enable");
  await session.send("Network.emulateNetworkConditions", { offline: false, latency, downloadThroughput: throughput, uploadThroughput: throughput });
  const hasWidget = ["navigation", "dialog", "field"].includes(engine);
  await page.addInitScript(see);
  await page.goto(base + (hasWidget ? "/" : "/bare"), { waitUntil: engine === "navigation" ? "commit" : "load" });
  if (hasWidget && engine !== "navigation") await page.waitForFunction(() => document.querySelector("cloze-search").search);
  try {
    return await page.evaluate(IN_PAGE[engine], q);
  } finally {
    await context.close();
  }
}

const middle = (numbers, share = 0.5) => Math.round([...numbers].sort((a, b) => a - b)[Math.floor((numbers.length - 1) * share)]);
const queries = (await readFile(queriesFile, "utf8")).split("\n").filter(Boolean).slice(0, Number(options.runs));
const engines = Object.keys(IN_PAGE).filter((name) => options.pagefind || !name.startsWith("pagefind"));
await visit([0, 1000], "module", queries[0]);
for (const link of options.links.split(",")) {
  const times = Object.fromEntries(engines.map((name) => [name, []]));
  for (const q of queries) for (const name of engines) times[name].push(await visit(LINKS[link], name, q));
  for (const name of engines) {
    const of = (at) => times[name].map((pair) => pair[at]);
    console.log(link, LINKS[link].join(" ms, "), "Mbit/s", name.padEnd(14), "first p50", middle(of(0)), "p90", middle(of(0), 0.9), "whole p50", middle(of(1)), "p90", middle(of(1), 0.9));
  }
}
await browser.close();
server.close();
