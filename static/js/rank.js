// From a request to pages in order: both legs, their fusion, exact matches and the fence, as in query/src/search/.
import { analyse, fold, ruled } from "./analysis.js";
import { Scorer, Scores, best, pairScores, phraseMatches } from "./bm25.js";
import { condensed, isLong } from "./condense.js";
import { corrected } from "./correct.js";
import { BadFile } from "./files.js";
import { exact, filtered } from "./filters.js";
import { MEANING, estimate, fuse, grouped, isListed, lowerLinks, raise } from "./fuse.js";
import { parse } from "./parse.js";
import { unit } from "./pieces.js";
import { Query } from "./query.js";
import { valuesOf } from "./codes.js";
import { Probe } from "./vectors.js";

const DEPTHS = [[20, 100], [100, 1000], [Infinity, 4000]];
const COUNTED = 100;
const COVERED = 0.25;
// Passages whose signs are fetched, and passages that get a second look, with three bits a dimension.
const FETCHED = { hybrid: 320, semantic: 1600 };
const SECOND_LOOK = { hybrid: 10, semantic: 40 };
const LEADERS_LOOKED_AT = 3;
// Relevance feedback: passages, and their joint weight.
const [BEST, PULL] = [3, 0.2];
// The fence: query/src/search/fence.rs.
const FENCE = { semantic: 0.3, hybrid: 0.8, missing: 1.5, noWords: 1.2, table: 0.3, unreadable: 2, pieces: 2.5, lost: 0.01, lostWithoutWords: 0.1 };
const VERSION_KEYS = ["version", "superseded"];

// The rest of a long query. Nothing in it is an exclusion, a phrase or a field.
async function brief(request, { words }) {
  const { words: text, kept, left_out, text: of } = await condensed(request.q, request.breaks, words);
  const query = await Query.of({ text, phrases: [], excluded: [] }, { words });
  return { text: of, query, wanted: new Map(request.filters), verbatim: { titles: [], headings: [] }, isQuoted: false, correctedQuery: null, condensed: { words: kept, left_out, text: of } };
}

// What a request means for this index.
async function planned(request, parts) {
  if (isLong(request.q)) return brief(request, parts);
  const { entry, files, words, overview, table } = parts;
  // What the search needs unless the query is corrected, fetched side by side.
  const list = analyse(request.q), last = request.prefix && list.findLast(({ isWord }) => isWord);
  for (const word of list) words.prefetch(word, ruled(word));
  if (last) words.dictionary(last.folded[0]);
  if (request.mode !== "keyword") table?.encode(request.q).catch(() => {});
  const titlesOf = (text) => exact(files, entry.titles, text, overview).catch((error) => (words.problems.add(error.message), { titles: [], headings: [] }));
  const isExact = ({ titles, headings }) => titles.length + headings.length > 0;
  let parsed = await parse(request.q, (key) => entry.keys.includes(key), (word) => words.isTerm(fold(word))), also = [], correctedQuery = null;
  if (parsed.text !== request.q && isExact(await titlesOf(request.q))) parsed = { text: request.q, phrases: [], excluded: [], filters: [] };
  let verbatim = parsed.text ? await titlesOf(parsed.text) : { titles: [], headings: [] };
  if (request.correct && parsed.text && !isExact(verbatim)) {
    const isCommon = (word) => table?.isPiece(word).catch(() => false) ?? false, better = await corrected(request.q, request.prefix, isCommon, words);
    if (better) {
      ({ text: correctedQuery, also } = better);
      parsed = await parse(correctedQuery, (key) => entry.keys.includes(key), (word) => words.isTerm(fold(word)));
      verbatim = await titlesOf(parsed.text);
    }
  }
  const query = await Query.of(parsed, { words, prefix: request.prefix, also });
  const wanted = new Map(request.filters);
  for (const [key, value] of parsed.filters) wanted.set(key, [...(wanted.get(key) ?? []), value]);
  const isQuoted = parsed.phrases.length > 0 && parsed.text === parsed.phrases.join(" ");
  return { text: parsed.text, query, wanted, verbatim, isQuoted, correctedQuery, condensed: null };
}

// Whether a search may find a passage.
async function selection({ wanted, query }, { entry, files, words, overview }) {
  const pages = await filtered(files, entry.keys, wanted), excluded = new Set();
  for (const phrase of query.excluded) {
    for (const passage of await phraseMatches([phrase], words)) excluded.add(overview.pageOf[passage]);
  }
  const allVersions = VERSION_KEYS.some((key) => wanted.has(key));
  const isAllowed = (page) => (!pages || pages.has(page)) && !excluded.has(page) && (allVersions || !overview.superseded.has(page));
  return Object.assign((passage) => isAllowed(overview.pageOf[passage]), { pages });
}

// The semantic leg's data: the query's vector, and the codes of the passages near it.
async function meaning(text, leaders, most, { entry, table, vectors }) {
  const { vector, pieces } = await table.encode(text);
  if (!pieces) return null;
  const probe = new Probe(vector, entry.semantic.mean), known = await vectors.around(probe, leaders, most);
  return { probe, known, pieces, fine: new Map() };
}

function similarities(passages, near, vectors, probe = near.probe) {
  return passages.map((passage) => vectors.similarity(probe, passage, near.known, near.fine));
}

// The query's vector, moved towards the best passages.
function moved({ probe, fine }, fused, mean) {
  const codes = fused.slice(0, BEST).map(({ passage }) => fine.get(passage)).filter(Boolean), sum = Float64Array.from(probe.vector);
  for (const code of codes) code.forEach((v, i) => (sum[i] += (PULL / codes.length) * (v + mean[i])));
  return new Probe(unit(sum), mean);
}

// The similarity that the nearest passage needs.
function threshold(request, { query, text, condensed }, together, pieces, { calibration, is_of_table }) {
  const isReadable = query.words.some((word) => word.isWord && word.isKnown && !word.isStop) || pieces < FENCE.pieces * text.split(/\s+/).length;
  const isSemantic = request.mode === "semantic", beyond = (fence) => calibration.upper + fence * (calibration.upper - calibration.lower);
  const fence = isSemantic ? FENCE.semantic : condensed ? FENCE.hybrid : together > 0 ? FENCE.hybrid + FENCE.missing * (1 - together) : FENCE.noWords;
  const nearer = is_of_table ? FENCE.table : 0;
  if (!isReadable) return beyond(Math.max(fence, FENCE.unreadable) - nearer);
  const missing = isSemantic ? 0 : 1 - together, all = calibration.known?.similarities ?? [];
  const at = (all.length - 1) * (FENCE.lost + (FENCE.lostWithoutWords - FENCE.lost) * missing * missing);
  if (!all.length) return beyond(fence - nearer);
  const low = Math.floor(at), most = all[low] + ((all[Math.ceil(at)] ?? all[low]) - all[low]) * (at - low);
  return Math.min(beyond(fence - nearer), most);
}

class Ranking {
  constructor(request, plan, parts, allows) {
    Object.assign(this, { request, plan, parts, allows, lexical: null, near: null, abstained: false });
    const reach = request.offset + request.limit;
    this.depth = DEPTHS.find(([upTo]) => reach <= upTo)[1];
  }

  // The keyword leg.
  async useWords(query) {
    const { words, overview } = this.parts, scorer = await Scorer.of(query, words, overview);
    const scores = scorer.scores(), hits = scores.best(this.depth, this.allows);
    this.lexical = { scorer, scores, hits, coverage: hits.length ? scorer.coverage(hits[0][0]) : 0 };
  }

  get usesMeaning() {
    const { entry, vectors } = this.parts, { mode } = this.request;
    return vectors && mode !== "keyword" && (mode !== "hybrid" || entry.semantic.knows_languages);
  }

  async useMeaning() {
    if (!this.usesMeaning) return;
    const { mode } = this.request;
    try {
      this.near = await meaning(this.plan.text, this.leaders, FETCHED[mode], this.parts);
    } catch (error) {
      if (!(error instanceof BadFile)) throw error;
      this.parts.words.problems.add(error.message);
    }
    if (this.near) this.findNearest();
  }

  // The nearest passages of those that are known.
  findNearest() {
    const { near, parts } = this, passages = [...near.known.keys()].filter(this.allows), scores = similarities(passages, near, parts.vectors);
    near.hits = best(passages.map((passage, i) => [passage, scores[i]]), this.depth);
  }

  union() {
    const { titles, headings } = this.plan.verbatim, all = [...(this.near?.hits ?? []), ...(this.lexical?.hits ?? [])].map(([passage]) => passage);
    const others = [...titles, ...headings, ...this.phrases].filter(this.allows).slice(0, 1000);
    const first = [this.near, this.lexical].flatMap((leg) => leg?.hits.slice(0, COUNTED).map(([passage]) => passage) ?? []);
    this.first = new Set([...first, ...others]);
    return [...new Set([...all, ...others])].sort((a, b) => a - b);
  }

  fused(passages, probe) {
    const { near, lexical, request } = this, weight = near && lexical && request.semantic_weight !== undefined ? request.semantic_weight : MEANING;
    const isFirst = passages.map((passage) => this.first.has(passage));
    const semantic = near && { scores: similarities(passages, near, this.parts.vectors, probe), fromSmallest: true, weight, isFirst };
    const words = lexical && {
      scores: passages.map((passage) => lexical.scores.get(passage) + (near || this.abstained ? this.pairs.get(passage) : 0)), fromSmallest: false,
      weight: (1 - weight) * Math.min(lexical.coverage / COVERED, 1), isFirst,
    };
    return fuse(passages, { semantic, lexical: words });
  }

  // Fetches the codes of the best passages, and decides whether any passage is near enough.
  async lookAgain(passages) {
    const { parts, near, plan, request } = this, first = this.leaders.slice(0, LEADERS_LOOKED_AT).map(([passage]) => passage), wanted = new Set([near.hits[0]?.[0], ...first, ...this.fused(passages).slice(0, SECOND_LOOK[request.mode]).map(({ passage }) => passage)]);
    wanted.delete(undefined);
    await Promise.all([...wanted].map(async (passage) => {
      const [signs, code] = await Promise.all([parts.vectors.signs(passage, near.known), parts.texts.cells(passage)].map((part) => parts.words.attempt(() => part, null)));
      if (signs && code) near.fine.set(passage, valuesOf({ ...code, signs }));
    }));
    this.findNearest();
    const nearest = Math.max(-1, ...near.hits.map(([passage]) => passage).filter((p) => near.fine.has(p)).map((p) => near.probe.byValues(near.fine.get(p))));
    return nearest >= threshold(request, plan, this.lexical?.coverage ?? 0, near.pieces, parts.entry.semantic);
  }

  // Pages in order, of the passages that the legs found.
  ordered(passages, probe) {
    const { plan, parts: { overview } } = this, fused = this.fused(passages, probe), sets = [this.phrases, plan.verbatim.headings, plan.verbatim.titles].map((all) => new Set(all));
    lowerLinks(fused, overview.links);
    raise(fused, (passage) => (sets[2].has(passage) ? 3 : sets[1].has(passage) ? 2 : sets[0].has(passage) ? 1 : 0));
    // Candidates for later pages of the list come after those for the first ones.
    fused.sort((a, b) => this.first.has(b.passage) - this.first.has(a.passage));
    const pages = grouped(fused, overview.pageOf), evidence = this.near ? (this.lexical ? "both" : "meaning") : "words";
    const coverage = this.abstained && pages.length && this.lexical ? this.lexical.scorer.coverage(pages[0].best.passage) : 1;
    estimate(pages, evidence, coverage);
    return this.ended(pages);
  }

  // `early` takes the pages that words alone find, while the data for the meaning is fetched.
  async pages(early) {
    const { plan, parts, request } = this, { overview } = parts;
    if (!plan.text) return this.listed();
    this.phrases = plan.query.phrases.length ? [...(await phraseMatches(plan.query.phrases, parts.words))] : [];
    if (request.mode === "keyword" && plan.isQuoted && !this.phrases.length) return [];
    const pairs = request.mode === "keyword" ? new Scores(overview.passages) : pairScores(plan.query.pairs, parts.words, overview);
    await this.useWords(plan.query);
    if (this.usesMeaning && request.mode === "hybrid") early?.(this.ordered(this.union()));
    this.pairs = await pairs;
    this.leaders = best(this.lexical.hits.map(([passage, score]) => [passage, score + this.pairs.get(passage)]), this.depth);
    await this.useMeaning();
    // Words lead to passages near the query, even if they do not count.
    if (request.mode === "semantic" && this.near) this.lexical = null;
    let passages = this.union(), probe;
    if (this.near && !(await this.lookAgain(passages))) {
      this.abstained = true;
      this.near = null;
      if (request.mode !== "semantic") await this.useWords(plan.query.subject());
      passages = this.union();
    }
    if (this.near && request.mode === "hybrid") probe = moved(this.near, this.fused(passages), parts.entry.semantic.mean);
    return this.ordered(this.near || this.lexical ? this.union() : passages, probe);
  }

  // The list without pages that are much less probable than the best one. Exact matches and pages with every word stay.
  ended(pages) {
    const { pageOf } = this.parts.overview, top = pages.find(({ best: { tier } }) => !tier)?.best.score ?? 0;
    this.every = (this.lexical?.scorer.every() ?? []).filter(this.allows);
    const every = new Set(this.every.map((passage) => pageOf[passage]));
    const stays = ({ best: { tier, passage, score } }) => tier > 0 || every.has(pageOf[passage]) || (isListed(score, top) && this.first.has(passage));
    return pages.filter((page) => stays(page) && (top <= 0 || page.probability >= (this.request.min_score ?? 0)));
  }

  // Pages that pass the filters, if there is nothing else to search for.
  listed() {
    const { overview } = this.parts, all = [];
    for (let passage = 0; passage < overview.passages; passage++) if (this.allows(passage)) all.push({ passage, tier: 0, score: 0 });
    return grouped(all, overview.pageOf);
  }

  // One passage of every page that counts as found: the listed pages, and those with every word.
  found(pages) {
    const all = pages.map(({ best: { passage } }) => passage), every = this.request.min_score === undefined ? (this.every ?? []) : [];
    return this.parts.overview.onePerPage([...all, ...every]);
  }
}

// { plan, ranking, pages }. `early` takes the same with the pages that words alone find.
export async function rank(request, parts, early) {
  const plan = await planned(request, parts), ranking = new Ranking(request, plan, parts, await selection(plan, parts));
  return { plan, ranking, pages: await ranking.pages(early && ((pages) => early({ plan, ranking, pages }))) };
}
