// Filters, facets and exact titles: the files `m` and `k`, as static/src/metadata.rs and titles.rs write them.
import { fold } from "./analysis.js";
import { Reader, decoded } from "./bytes.js";
import { hash } from "./files.js";

const MOST_EXACT = 1000;

const values = async (files, keys, key) => JSON.parse(decoded(await files.get("m", keys.indexOf(key))));

// Pages that have, for every key, one of the values; null if there are no filters. `wanted` maps keys to values.
export async function filtered(files, keys, wanted) {
  let pages = null;
  for (const [key, allowed] of wanted) {
    const known = keys.includes(key) ? await values(files, keys, key) : {};
    const any = new Set(allowed.flatMap((value) => known[value.trim().toLowerCase()] ?? []));
    pages = pages ? new Set([...pages].filter((page) => any.has(page))) : any;
  }
  return pages;
}

// Counts of the values of some keys over pages.
export async function counted(files, keys, facets, pages) {
  const all = await Promise.all(facets.map(async (key) => {
    const known = keys.includes(key) ? await values(files, keys, key) : {};
    const counts = Object.entries(known).map(([value, of]) => [value, of.filter((page) => pages.has(page)).length]);
    return [key, Object.fromEntries(counts.filter(([, count]) => count))];
  }));
  return Object.fromEntries(all);
}

async function listed(files, count, kind, key) {
  const wanted = hash(new TextEncoder().encode(`${kind}\0${key}`)), reader = new Reader(await files.get("k", wanted % count));
  for (let left = reader.number(); left; left--) {
    const [a, b, c, d] = reader.raw(4), numbers = reader.ascending();
    if ((a | (b << 8) | (c << 16) | (d << 24)) >>> 0 === wanted) return [...numbers];
  }
  return [];
}

// { titles, headings }: passages of pages whose title is the text, and passages right below such a heading.
export async function exact(files, count, text, overview) {
  const key = fold(text.trim().replace(/\s+/g, " ").replace(/[.?!:;,]+$/, ""));
  const [pages, headings] = await Promise.all(["title", "heading"].map((kind) => listed(files, count, kind, key)));
  const all = (page) => Array.from({ length: overview.sizes[page] }, (_, i) => overview.firsts[page] + i);
  const few = (passages) => (overview.onePerPage(passages).length > MOST_EXACT ? [] : passages);
  return { titles: few(pages.flatMap(all)), headings: few(headings) };
}
