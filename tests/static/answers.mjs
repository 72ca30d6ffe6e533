// Answers requests from an exported index, for the Rust tests: reads { module, folder, requests, words } from standard input
// and prints { answers, stems }. Files are read from the disk.

import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";

globalThis.fetch = async (url) => {
  const data = await readFile(new URL(url)).catch(() => null);
  return new Response(data, { status: data ? 200 : 404 });
};

let text = "";
for await (const chunk of process.stdin) text += chunk;
const { module, stem, folder, requests = [], words = [] } = JSON.parse(text);
const { open } = await import(pathToFileURL(module).href), { english } = await import(pathToFileURL(stem).href);
const answers = [];
if (requests.length) {
  const index = await open(pathToFileURL(folder).href);
  for (const request of requests) answers.push(await index.search(request).catch((error) => ({ error: error.message, code: error.code })));
}
console.log(JSON.stringify({ answers, stems: words.map(english) }));
