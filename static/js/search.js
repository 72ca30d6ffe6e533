// Searches an index of plain files: `const index = await open("/cloze/"); const answer = await index.search({ q: "words" });`.
// The answer is that of `GET /search` of the server.
import { BadFile, Files } from "./files.js";
import { counted } from "./filters.js";
import { Overview } from "./index.js";
import { Table } from "./pieces.js";
import { rank } from "./rank.js";
import { snippet } from "./snippet.js";
import { Texts } from "./texts.js";
import { Vectors } from "./vectors.js";
import { Words } from "./words.js";
import { nearest } from "./correct.js";
import { fold } from "./analysis.js";

export const FORMAT = 2;
const [MOST_CHARS, MOST_PAGES, REACH, SECTIONS] = [2500, 100, 1000, 3];
// Hits of a first answer. The second look needs their files anyway.
const FIRST = 3;
// Hits that fetch texts for their other sections; the others show sections of the same file.
const WITH_SECTIONS = 4;
const MODES = ["hybrid", "semantic", "keyword"];
const HIGHLIGHTS = ["keyword", "semantic", "none"];

// A parameter that is wrong; `code` is that of the server.
export class SearchError extends Error {
  constructor(message, code = "invalid_parameter") {
    super(message);
    this.code = code;
  }
}

// The first values of each parameter, whatever form they come in.
function given(params) {
  if (typeof params === "string") params = { q: params };
  if (Array.isArray(params) || params instanceof URLSearchParams) {
    const pairs = [...params], filter = pairs.filter(([key]) => key === "filter").map(([, value]) => value);
    params = { ...Object.fromEntries(pairs), filter };
  }
  return params;
}

function wholeNumber(value, name, otherwise, least, most) {
  const number = value === undefined || value === null ? otherwise : Number(value);
  if (!Number.isInteger(number) || number < least || number > most) throw new SearchError(`${name}: found ${value}, expected a whole number from ${least} to ${most}`);
  return number;
}

function share(value, name) {
  const number = value === undefined ? undefined : Number(value);
  if (number !== undefined && !(number >= 0 && number <= 1)) throw new SearchError(`${name}: found ${value}, expected a number from 0 to 1`);
  return number;
}

function oneOf(value, name, all) {
  if (value !== undefined && !all.includes(value)) throw new SearchError(`${name}: found ${value}, expected ${all.join(", ")}`);
  return value ?? all[0];
}

// A query with single spaces, and where in it another line began.
function tidied(typed) {
  let q = "";
  const breaks = [];
  for (const line of typed.split(/[\n\r]/)) {
    const words = line.split(/[\s\p{Cc}]+/u).filter(Boolean).join(" ");
    if (q && words) breaks.push(q.length + 1);
    if (words) q += (q && " ") + words;
  }
  return { q, breaks };
}

// The parameters, checked as the server checks them.
function checked(params) {
  const from = given(params), isTrue = (value) => value === true || value === "true";
  const typed = String(from.q ?? ""), { q, breaks } = tidied(typed), { length } = [...typed];
  if (length > MOST_CHARS) throw new SearchError(`q: found ${length} characters, expected at most ${MOST_CHARS}`, "query_too_long");
  if (!q) throw new SearchError("q is empty", "query_empty");
  const limit = wholeNumber(from.limit, "limit", 10, 1, MOST_PAGES), offset = wholeNumber(from.offset, "offset", 0, 0, REACH - limit);
  const filters = new Map();
  for (const pair of [from.filter ?? []].flat()) {
    const at = pair.indexOf(":"), key = pair.slice(0, at).trim().toLowerCase();
    if (at < 1) throw new SearchError(`filter: found ${pair}, expected key:value`);
    filters.set(key, [...(filters.get(key) ?? []), pair.slice(at + 1)]);
  }
  const facets = [from.facets ?? []].flat().flatMap((keys) => keys.split(",")).map((key) => key.trim().toLowerCase()).filter(Boolean);
  return {
    q, breaks, limit, offset, filters, facets, semantic_weight: share(from.semantic_weight, "semantic_weight"), min_score: share(from.min_score, "min_score"),
    mode: oneOf(from.mode, "mode", MODES), highlight: oneOf(from.highlight, "highlight", HIGHLIGHTS),
    prefix: isTrue(from.prefix), explain: isTrue(from.explain), correct: from.correct === undefined || isTrue(from.correct),
  };
}

// Fetches the first files of some kinds before they are needed.
const early = (files, ...kinds) => kinds.filter(Boolean).forEach((kind) => files.get(kind, 0).catch(() => {}));

// Everything that one export consists of.
class Parts {
  static async of(base, response) {
    const entry = await entryOf(base, response), files = new Files(base, entry.folder, entry.tag), of = entry.semantic;
    const rows = of && new Files(base, of.table, of.tag), overview = new Overview(await files.get("h", 0), entry.average_length);
    // Every search needs these files after the words; one that is missing is reported when it is used.
    early(files, "z", of ? "n" : "");
    if (rows) early(rows, "v", "r");
    const parts = Object.assign(new Parts(), { entry, files, overview, words: new Words(files, overview) });
    parts.texts = new Texts(files, overview, entry.semantic?.dimension ?? 0);
    if (entry.semantic) {
      const { semantic } = entry, bytes = Uint8Array.from(atob(semantic.mean), (c) => c.charCodeAt(0));
      semantic.mean = Float64Array.from(new Int8Array(bytes.buffer), (v) => v * semantic.mean_step);
      parts.table = new Table(rows, semantic.dimension);
      parts.vectors = new Vectors(files, overview.passages, semantic.dimension);
    }
    return parts;
  }

  // The same parts for one search: what it misses is not mixed up with what another one misses at the same time.
  get own() {
    const { files, overview, words: { parsed } } = this;
    return Object.assign(new Parts(), this, { words: new Words(files, overview, parsed) });
  }
}

async function entryOf(base, fetched) {
  let entry;
  try {
    const response = await (fetched ?? fetch(new URL("cloze.json", base), { cache: "no-cache" }));
    entry = response.ok ? await response.json() : null;
  } catch {
    entry = null;
  }
  if (!entry?.folder) throw new BadFile(`there is no index at ${base}`);
  if (entry.format !== FORMAT) throw new SearchError(`the index has format ${entry.format}, this module reads ${FORMAT}: load the module again`, "format");
  return entry;
}

class Index {
  constructor(base, parts) {
    Object.assign(this, { base, parts });
  }

  get generation() {
    return this.parts.entry.generation;
  }

  // Bytes of data files fetched so far.
  get bytes() {
    return this.parts.files.bytes + (this.parts.table?.files.bytes ?? 0);
  }

  // An answer as of `GET /search`. `first` may take an answer before: the first hits, which words alone find.
  async search(params, first) {
    const request = checked(params), began = performance.now(), { parts } = this, answer = await this.#answer(request, began, first);
    // A page that was open during a deploy may ask for files that are gone.
    return answer.degraded && (await this.#renewed(parts)) ? this.#answer(request, began, first) : answer;
  }

  // Whether there are newer parts than some; another search may have found them.
  async #renewed(parts) {
    try {
      if (this.parts === parts && (await entryOf(this.base)).folder !== parts.entry.folder) this.parts = await Parts.of(this.base);
      return this.parts !== parts;
    } catch {
      return false;
    }
  }

  async #answer(request, began, first) {
    const parts = this.parts.own;
    let isWhole = false;
    const early = async (found) => {
      const answer = await shownOf(parts, { ...request, facets: [], limit: Math.min(request.limit, FIRST) }, found, began, 0);
      if (!isWhole && !answer.degraded && answer.hits.length) first({ ...answer, total: { value: answer.hits.length, relation: "gte" } });
    };
    const found = await rank(request, parts, first && !request.offset && ((words) => early(words).catch(() => {})));
    const answer = await shownOf(parts, request, found, began, WITH_SECTIONS);
    isWhole = true;
    return answer;
  }

  // Words that begin with the last one typed, or that are near to it.
  async suggest(params) {
    const { q, limit = 6 } = given(params), typed = String(q).trim(), before = typed.slice(0, typed.lastIndexOf(" ") + 1), last = fold(typed.slice(before.length)), { words } = this.parts;
    const list = last ? await words.dictionary(last[0]) : [];
    const longer = list.filter(({ word }) => word.startsWith(last) && word !== last).sort((a, b) => b.passages - a.passages);
    const found = longer.length || !last ? longer : await nearest(last, words);
    const suggestions = found.slice(0, Number(limit)).map(({ word }) => ({ text: before + word, kind: "word", url: null }));
    return { query: typed, suggestions, took_ms: 0 };
  }
}

// The answer with the shown pages. The first `withSections` hits fetch texts for their sections.
async function shownOf(parts, request, { plan, ranking, pages }, began, withSections) {
  const { entry, words } = parts, passages = ranking.found(pages);
  const shown = pages.slice(request.offset, request.offset + request.limit), terms = plan.query.words.flatMap((word) => word.terms.map(([term]) => term));
  const show = { request, parts, marked: plan.query.marked, known: await words.around(terms) };
  const hits = (await Promise.all(shown.map((page, i) => hit(page, i < withSections, show)))).filter(Boolean);
  const facets = await counted(parts.files, entry.keys, request.facets, new Set(passages.map((passage) => parts.overview.pageOf[passage])));
  const isPartial = words.problems.size > 0, lacksMeaning = !entry.semantic && request.mode !== "keyword";
  const degraded = isPartial ? "some files of the index could not be loaded" : lacksMeaning ? (entry.reason ?? "words alone answer") : null;
  return {
    query: request.q, corrected_query: plan.correctedQuery, condensed_query: plan.condensed, mode: request.mode, degraded,
    ...(ranking.near || ranking.abstained ? { encoder: "table" } : {}),
    generation: entry.generation, took_ms: Math.round((performance.now() - began) * 100) / 100,
    total: { value: passages.length, relation: "eq" }, no_match: !pages.length, fills: null, hits, facets,
  };
}

// A page as a hit; null if its text cannot be loaded.
async function hit(page, fetches, show) {
  const { request, parts, marked, known } = show;
  if (fetches) for (const { passage } of page.others.slice(0, SECTIONS)) parts.texts.passage(passage).catch(() => {});
  const load = (passage) => parts.texts.passage(passage).catch((error) => (parts.words.problems.add(error.message), null));
  const best = await load(page.best.passage);
  if (!best) return null;
  const shown = ({ text }) => snippet(text, marked, known, request.highlight !== "none"), sections = [];
  for (const { passage } of page.others) {
    if (sections.length === SECTIONS) break;
    if (!fetches && !parts.texts.areTogether(passage, page.best.passage)) continue;
    const other = await load(passage);
    if (other && other.url !== best.url && sections.every(({ url }) => url !== other.url)) {
      sections.push({ heading: other.headings.at(-1) ?? other.title, url: other.url, snippet: shown(other) });
    }
  }
  const { semantic, lexical, score } = page.best, leg = (view) => (view ? { rank: null, ...view } : null);
  return {
    id: best.source, url: best.url, title: best.title, score: page.probability, breadcrumbs: best.headings, snippet: shown(best), sections,
    ...(best.versions ? { other_versions: best.versions } : {}),
    explain: request.explain ? { fused: score, semantic: leg(semantic), lexical: leg(lexical), tokens: null } : null,
  };
}

// Opens the index at an address, which ends in the folder of `cloze.json`. `entry` may be a fetch of this file under way.
export async function open(url, entry) {
  const from = globalThis.document?.baseURI ?? "http://localhost/", base = new URL(String(url).replace(/\/*$/, "/"), from).href;
  return new Index(base, await Parts.of(base, entry));
}
