// Scores by words: BM25 as the index computes it, and the share of a query that a passage has.
import { find } from "./words.js";
import { rarity, weightOf } from "./query.js";

const NEAR = 0.5;
// Weight of two neighbours, relative to a word.
const PAIR = 0.3;

// A number for each of some passages; 0 for the others.
export class Scores {
  constructor(count) {
    this.values = new Float64Array(count);
    this.passages = [];
  }

  get(passage) {
    return this.values[passage];
  }

  add(passage, score) {
    if (!this.values[passage]) this.passages.push(passage);
    this.values[passage] += score;
  }

  raise(passage, score) {
    this.add(passage, Math.max(score - this.values[passage], 0));
  }

  clear() {
    for (const passage of this.passages) this.values[passage] = 0;
    this.passages = [];
  }

  // [passage, score] of the best passages that `allows` lets in.
  best(count, allows) {
    const all = this.passages.filter(allows), sorted = Float64Array.from(all, (passage) => this.values[passage]).sort();
    const least = sorted[sorted.length - count] ?? 0;
    return best(all.filter((passage) => this.values[passage] >= least).map((passage) => [passage, this.values[passage]]), count);
  }
}

export const best = (scores, count) => [...scores].sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, count);

// Postings of a query's words. Long lists of words such as "the" are not fetched, unless there are no other words.
export class Scorer {
  static async of(query, words, overview) {
    const areAllStop = query.words.every((word) => word.isStop);
    const lists = await Promise.all(query.words.map(async (word) => {
      const wanted = !word.isStop || areAllStop;
      const terms = await Promise.all(word.terms.map(async ([term, weight]) => ({ weight, postings: await words.postings(term, wanted) })));
      return { word, terms: terms.filter(({ postings }) => postings) };
    }));
    return Object.assign(new Scorer(), { lists, overview });
  }

  #score(postings, i) {
    const { norms, lengths, passages } = this.overview, count = postings.counts[i];
    const idf = rarity(postings.passages.length, passages);
    return (idf * 2.2 * count) / (count + norms[lengths[postings.passages[i]]]);
  }

  // Scores of all passages that have one of the words.
  scores() {
    const scores = new Scores(this.overview.passages), best = new Scores(this.overview.passages);
    for (const { word, terms } of this.lists) {
      const weight = weightOf(word);
      for (const { weight: of, postings } of terms) postings.passages.forEach((passage, i) => best.raise(passage, of * this.#score(postings, i)));
      for (const passage of best.passages) scores.add(passage, weight * best.get(passage));
      best.clear();
    }
    return scores;
  }

  // Passages that have every word. Words whose long lists are not fetched may be missing.
  every() {
    const wanted = this.lists.filter(({ word, terms }) => (word.isWord || word.form === "whole") && !(word.isStop && !terms.length));
    const found = new Uint16Array(this.overview.passages);
    wanted.forEach(({ terms }, i) => {
      for (const { postings } of terms) for (const passage of postings.passages) if (found[passage] === i) found[passage]++;
    });
    const all = wanted[0]?.terms.flatMap(({ postings }) => [...postings.passages]) ?? [];
    return [...new Set(all)].filter((passage) => found[passage] === wanted.length);
  }

  // The share of the query's words that a passage has, each weighted by its rarity: 0 to 1.
  coverage(passage) {
    const all = this.overview.passages, hasOthers = this.lists.some(({ word }) => !word.isStop);
    let sum = 0, found = 0;
    for (const { word, terms } of this.lists) {
      if (!word.isWord || (hasOthers && word.isStop)) continue;
      const most = word.isKnown ? Math.max(0, ...terms.map(({ postings }) => postings.passages.length)) : 0;
      const weight = rarity(most, all);
      sum += weight;
      if (terms.some(({ postings }) => find(postings.passages, passage) >= 0)) found += weight * (word.isKnown ? 1 : NEAR);
    }
    return sum > 0 ? found / sum : 0;
  }
}

// How often two terms stand at a distance, by passage. Words such as "the" have no places: they stand anywhere.
async function together(a, b, distance, words) {
  const [first, second] = await Promise.all([a, b].map(async (term) => {
    const [postings, places] = await Promise.all([words.postings(term), words.places(term)]);
    return postings && { ...postings, ...places };
  }));
  const counts = new Map();
  if (!first || !second) return { counts, first, second };
  const isAnywhere = !first.places || !second.places;
  for (let i = 0, j = 0; i < first.passages.length && j < second.passages.length; ) {
    if (first.passages[i] < second.passages[j]) i++;
    else if (first.passages[i] > second.passages[j]) j++;
    else {
      const after = isAnywhere ? null : new Set(second.places.subarray(second.ends[j - 1] ?? 0, second.ends[j]));
      let count = isAnywhere ? 1 : 0;
      for (const place of isAnywhere ? [] : first.places.subarray(first.ends[i - 1] ?? 0, first.ends[i])) if (after.has(place + distance)) count++;
      if (count) counts.set(first.passages[i], count);
      i++;
      j++;
    }
  }
  return { counts, first, second };
}

// Scores of neighbours in the query that are neighbours in a passage too, as BM25 of phrases of two words.
export async function pairScores(pairs, words, overview) {
  const scores = new Scores(overview.passages);
  await Promise.all(pairs.map(async ([a, b]) => {
    const { counts, first, second } = await together(a.terms[0], b.terms[0], b.position - a.position, words);
    if (!counts.size) return;
    const weight = PAIR * 2.2 * [first, second].reduce((sum, { passages }) => sum + rarity(passages.length, overview.passages), 0);
    for (const [passage, count] of counts) {
      scores.add(passage, (weight * count) / (count + overview.norms[overview.lengths[passage]]));
    }
  }));
  return scores;
}

// Passages that hold the words of a phrase in a row.
async function inARow(form, words) {
  const held = async ({ terms }) => (await Promise.all(terms.map((term) => words.postings(term)))).flatMap((list) => [...(list?.passages ?? [])]);
  let found = new Set(await held(form[0]));
  for (let i = 1; i < form.length; i++) {
    const near = new Set();
    for (const a of form[i - 1].terms) {
      for (const b of form[i].terms) {
        for (const passage of (await together(a, b, form[i].position - form[i - 1].position, words)).counts.keys()) near.add(passage);
      }
    }
    found = new Set([...found].filter((passage) => near.has(passage)));
  }
  return found;
}

// Passages that hold every phrase.
export async function phraseMatches(phrases, words) {
  const all = await Promise.all(phrases.map((form) => inARow(form, words)));
  return all.length ? new Set([...all[0]].filter((passage) => all.every((set) => set.has(passage)))) : new Set();
}
