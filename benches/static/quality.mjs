// `node quality.mjs FOLDER QUERIES QRELS [--mode hybrid] [--first 200]`: nDCG@10 of an exported index over judged queries
// (BEIR files), as `query eval` measures it; also the bytes fetched and the milliseconds of a warm search. FOLDER is the
// export; its files are read from the disk, so only their sizes count.

import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { pathToFileURL } from "node:url";
const { open } = await import(process.env.SOURCE ?? pathToFileURL(`${process.argv[2]}/search.js`).href);

globalThis.fetch = async (url) => {
  const data = await readFile(new URL(url)).catch(() => null);
  return new Response(data, { status: data ? 200 : 404 });
};

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { mode: { type: "string", default: "hybrid" }, first: { type: "string", default: "200" }, lists: { type: "boolean" } },
});
const [folder, queriesFile, qrelsFile] = positionals;

const lines = async (file) => (await readFile(file, "utf8")).split("\n").filter(Boolean);
const judged = new Map();
for (const line of await lines(qrelsFile)) {
  const [query, page, grade] = line.split(/\s+/);
  if (Number(grade) > 0) judged.set(query, (judged.get(query) ?? new Map()).set(page, Number(grade)));
}
const queries = (await lines(queriesFile)).map((line) => JSON.parse(line)).slice(0, Number(options.first)).filter(({ _id }) => judged.has(_id));


// Linear gains, as `query eval` and trec_eval.
const gain = (grade, at) => grade / Math.log2(at + 2);
function ndcg(found, grades) {
  const best = [...grades.values()].sort((a, b) => b - a).slice(0, 10).reduce((sum, grade, at) => sum + gain(grade, at), 0);
  return found.slice(0, 10).reduce((sum, page, at) => sum + gain(grades.get(page) ?? 0, at), 0) / best;
}

const middle = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const index = await open(pathToFileURL(folder).href), scores = [], bytes = [], times = [];
for (const { _id, text } of queries) {
  const request = { q: [...text].slice(0, 512).join(""), mode: options.mode }, before = index.bytes;
  const { hits, degraded } = await index.search(request);
  if (degraded) console.error(_id, degraded);
  bytes.push(index.bytes - before);
  const began = performance.now();
  await index.search(request);
  times.push(performance.now() - began);
  scores.push(ndcg(hits.map(({ id }) => id), judged.get(_id)));
  if (options.lists) console.log(JSON.stringify({ _id, ndcg: scores.at(-1), hits: hits.map(({ id }) => id) }));
}
const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
console.log(JSON.stringify({
  queries: scores.length, mode: options.mode, ndcg10: Math.round(mean * 1e4) / 1e4,
  first_bytes: bytes[0], median_bytes: middle(bytes.slice(1)), warm_ms_p50: Math.round(middle(times) * 10) / 10,
}));
