// `node pages.mjs EXPORT FOLDER`: the pages of an exported index as HTML, so that another search engine indexes the same text.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { open } from "../../static/js/search.js";

globalThis.fetch = async (url) => {
  const data = await readFile(new URL(url)).catch(() => null);
  return new Response(data, { status: data ? 200 : 404 });
};

const [from, to] = process.argv.slice(2), escaped = (text) => text.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`);
const { parts } = await open(pathToFileURL(from).href), { overview, texts } = parts;
await mkdir(to, { recursive: true });
for (let page = 0; page < overview.firsts.length; page++) {
  const lines = [];
  let title = "", source = "", heading = "";
  for (let i = 0; i < overview.sizes[page]; i++) {
    const passage = await texts.passage(overview.firsts[page] + i), own = passage.headings.at(-1) ?? "";
    ({ title, source } = passage);
    if (own && own !== heading) lines.push(`<h2 id="s${i}">${escaped(own)}</h2>`);
    heading = own;
    lines.push(`<p>${escaped(passage.text)}</p>`);
  }
  const head = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escaped(title)}</title></head>`;
  const meta = `<span hidden data-pagefind-meta="source">${escaped(source)}</span>`;
  await writeFile(`${to}/p${page}.html`, `${head}<body><main><h1>${escaped(title)}</h1>${meta}\n${lines.join("\n")}</main></body></html>`);
}
console.log(overview.firsts.length, "pages");
