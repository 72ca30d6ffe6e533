// Scores by words: BM25 as the index computes it, and the share of a query that a passage has.
import { find } from "./words.js";
import { weightOf } from "./query.js";

const NEAR = 0.5;

export const rarity = (passages, all) => Math.log(1 + (all - passages + 0.5) / (passages + 0.5));

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
  scores(without = () => false) {
    const scores = new Map();
    for (const { word, terms } of this.lists) {
      if (without(word)) continue;
      const best = new Map(), weight = weightOf(word);
      for (const { weight: of, postings } of terms) {
        postings.passages.forEach((passage, i) => {
          const score = of * this.#score(postings, i);
          if (!(best.get(passage) >= score)) best.set(passage, score);
        });
      }
      for (const [passage, score] of best) scores.set(passage, (scores.get(passage) ?? 0) + weight * score);
    }
    return scores;
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

// Passages with one of the terms at each place, in a row.
async function inARow(form, words) {
  const lists = await Promise.all(form.map(async ({ terms }) => {
    const places = new Map();
    for (const term of terms) {
      const postings = await words.postings(term);
      if (!postings) continue;
      const all = form.length > 1 ? await words.places(term) : [];
      postings.passages.forEach((passage, i) => places.set(passage, [...(places.get(passage) ?? []), ...(all[i] ?? [])]));
    }
    return places;
  }));
  const [first, ...others] = lists;
  const isThere = (passage) => form.length === 1 || first.get(passage).some((at) => others.every((list, i) => list.get(passage)?.includes(at + form[i + 1].position - form[0].position)));
  return new Set([...first.keys()].filter(isThere));
}

// Passages that hold every phrase.
export async function phraseMatches(phrases, words) {
  const all = await Promise.all(phrases.map((form) => inARow(form, words)));
  return all.length ? new Set([...all[0]].filter((passage) => all.every((set) => set.has(passage)))) : new Set();
}
