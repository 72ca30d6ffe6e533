// `node bytes.mjs FOLDER QUERIES`: the bytes that the searches of a session fetch, one query a line, by kind of file; and the
// milliseconds of the same searches again. Data files are compressed already; the scripts count as gzip makes them.

import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";

const [folder, queriesFile] = process.argv.slice(2);
const root = pathToFileURL(folder.replace(/\/*$/, "/"));
let fetched = {};

globalThis.fetch = async (url) => {
  const data = await readFile(new URL(url)).catch(() => null), name = String(url).split("/").at(-1);
  const kind = String(url).includes("/t-") ? "table" : name === "cloze.json" ? "entry" : name[0];
  fetched[kind] = (fetched[kind] ?? 0) + (kind === "entry" ? gzipSync(data).length : (data?.length ?? 0));
  return new Response(data, { status: data ? 200 : 404 });
};

const sum = (counts) => Object.values(counts).reduce((all, count) => all + count, 0);
const middle = (numbers, share = 0.5) => [...numbers].sort((a, b) => a - b)[Math.floor((numbers.length - 1) * share)];
const script = gzipSync(await readFile(new URL("search.js", root)), { level: 9 }).length;
const { open } = await import(process.env.SOURCE ?? new URL("search.js", root).href);
const index = await open(root.href), queries = (await readFile(queriesFile, "utf8")).split("\n").filter(Boolean), totals = [], kinds = {};

for (const q of queries) {
  await index.search({ q });
  totals.push(sum(fetched));
  if (totals.length === 1) console.log("first query", fetched, "script", script, "all", totals[0] + script);
  else for (const [kind, count] of Object.entries(fetched)) kinds[kind] = (kinds[kind] ?? 0) + count;
  fetched = {};
}
for (const kind of Object.keys(kinds)) kinds[kind] = Math.round(kinds[kind] / (queries.length - 1));
console.log("further queries: median", middle(totals.slice(1)), "p90", middle(totals.slice(1), 0.9), "mean by kind", kinds);

const times = [], before = process.cpuUsage();
for (const q of [...queries, ...queries, ...queries]) {
  const began = performance.now();
  await index.search({ q });
  times.push(performance.now() - began);
}
const { user, system } = process.cpuUsage(before);
console.log("warm ms: p50", middle(times).toFixed(1), "p90", middle(times, 0.9).toFixed(1), "processor", ((user + system) / 1000 / times.length).toFixed(1));
