// `node pagefind.mjs SITE QUERIES [QRELS] [--first 200] [--plain EXPORT]`: Pagefind (`npm install pagefind`, then
// `pagefind --site SITE`) in Chromium: nDCG@10 if there are judgments, bytes a query with the texts of ten results, and
// milliseconds of a warm search. With --plain, the static index of the same pages runs in the same browser, too. QUERIES is
// BEIR's JSON Lines, or one query a line.

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { parseArgs } from "node:util";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { first: { type: "string", default: "200" }, plain: { type: "string" }, browser: { type: "string", default: "/usr/bin/chromium" } },
});
const [site, queriesFile, qrelsFile] = positionals;
const { chromium } = createRequire(new URL("../../tests/browser/harness.mjs", import.meta.url))("playwright-core");

const TYPES = { html: "text/html", js: "text/javascript", json: "application/json", wasm: "application/wasm", css: "text/css" };
let bytes = 0, requests = 0;
const server = createServer(async (request, response) => {
  const path = decodeURIComponent(new URL(request.url, "http://localhost").pathname);
  const file = path.startsWith("/plain/") ? `${options.plain}/${path.slice(7)}` : path === "/" ? null : `${site}${path}`;
  const body = file ? await readFile(file).catch(() => null) : "<!doctype html><title>Bench</title>";
  if (body && file) {
    bytes += body.length;
    requests++;
  }
  response.writeHead(body ? 200 : 404, { "content-type": TYPES[path.split(".").pop()] ?? (path === "/" ? "text/html" : "application/octet-stream"), "cache-control": "max-age=3600" });
  response.end(body ?? "");
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));

const lines = async (file) => (await readFile(file, "utf8")).split("\n").filter(Boolean);
const judged = new Map();
for (const line of qrelsFile ? await lines(qrelsFile) : []) {
  const [query, page, grade] = line.split(/\s+/);
  if (Number(grade) > 0) judged.set(query, (judged.get(query) ?? new Map()).set(page, Number(grade)));
}
const read = (line) => (line.startsWith("{") ? JSON.parse(line) : { _id: line, text: line });
const queries = (await lines(queriesFile)).map(read).slice(0, Number(options.first)).filter(({ _id }) => !qrelsFile || judged.has(_id));

const gain = (grade, at) => grade / Math.log2(at + 2);
function ndcg(found, grades) {
  const best = [...grades.values()].sort((a, b) => b - a).slice(0, 10).reduce((sum, grade, at) => sum + gain(grade, at), 0);
  return found.slice(0, 10).reduce((sum, page, at) => sum + gain(grades.get(page) ?? 0, at), 0) / best;
}

// In the page: each gives the names of the first ten results, with everything that a list shows loaded.
const ENGINES = {
  pagefind: async () => {
    const engine = await import("/pagefind/pagefind.js");
    await engine.init();
    window.ask = async (q) => {
      const { results } = await engine.search(q), data = await Promise.all(results.slice(0, 10).map((result) => result.data()));
      return data.map(({ meta }) => meta.source);
    };
  },
  plain: async () => {
    const index = await (await import("/plain/search.js")).open("/plain/");
    window.ask = async (q) => (await index.search({ q: q.slice(0, 512) })).hits.map(({ id }) => id);
  },
};

const middle = (numbers, share = 0.5) => [...numbers].sort((a, b) => a - b)[Math.floor((numbers.length - 1) * share)];
const browser = await chromium.launch({ executablePath: options.browser, args: ["--no-sandbox", "--disable-gpu"] });
for (const name of ["pagefind", ...(options.plain ? ["plain"] : [])]) {
  const page = await (await browser.newContext()).newPage();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  bytes = requests = 0;
  await page.evaluate(ENGINES[name]);
  const fetched = [], times = [], scores = [];
  for (const { _id, text } of queries) {
    const found = await page.evaluate((q) => window.ask(q), text);
    fetched.push(bytes);
    bytes = 0;
    times.push(await page.evaluate(async (q) => {
      const began = performance.now();
      await window.ask(q);
      return performance.now() - began;
    }, text));
    if (qrelsFile) scores.push(ndcg(found, judged.get(_id)));
  }
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  console.log(JSON.stringify({
    engine: name, queries: queries.length, ndcg10: Math.round(mean * 1e4) / 1e4, first_bytes: fetched[0], median_bytes: middle(fetched.slice(1)),
    requests, warm_ms_p50: Math.round(middle(times) * 10) / 10, warm_ms_p90: Math.round(middle(times, 0.9) * 10) / 10,
  }));
}
await browser.close();
server.close();
