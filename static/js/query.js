// The words of a query with their terms: the rules of index/src/lexical/query.rs and words.rs.
import { analyse, isStopWord, ruled } from "./analysis.js";
import { nearest } from "./correct.js";

const COMPLETIONS = 8;
const EDIT_WEIGHT = 0.6;
const STOP_WEIGHT = 0.5;
// A part of an identifier counts less than the identifier itself.
const PART_WEIGHT = 0.4;

// The terms of an analysed word, and whether the index lists it.
async function termsOf(word, words) {
  const known = await words.word(word.folded);
  return { terms: known?.terms ?? ruled(word), isKnown: Boolean(known) };
}

async function queryWords(text, words) {
  const analysed = analyse(text), all = await Promise.all(analysed.map((word) => termsOf(word, words))), out = [];
  analysed.forEach((word, i) => {
    const { terms, isKnown } = all[i], { folded, form, isWord } = word;
    const same = out.find((other) => other.terms.map(([term]) => term).join("\0") === terms.join("\0"));
    if (!same) {
      const isStop = isStopWord(text.slice(word.from, word.to));
      out.push({ folded, terms: terms.map((term) => [term, 1]), count: 1, isKnown, isStop, isWord, form });
    } else if (same.form === "part" && form !== "part") Object.assign(same, { form, isWord });
    else if (same.form === form) same.count++;
  });
  return out;
}

async function addAlternatives(word, others, weight, words) {
  for (const other of others) {
    for (const one of analyse(other)) {
      for (const term of (await termsOf(one, words)).terms) {
        if (!word.terms.some(([known]) => known === term)) word.terms.push([term, weight(other)]);
      }
    }
  }
}

async function complete(word, words) {
  const known = (await words.dictionary(word.folded[0])).filter((entry) => entry.word.startsWith(word.folded));
  known.sort((a, b) => b.passages - a.passages || (a.word < b.word ? -1 : 1));
  await addAlternatives(word, known.slice(0, COMPLETIONS).map((entry) => entry.word), () => 1, words);
}

async function addNear(word, words) {
  const near = await nearest(word.folded, words), edits = new Map(near.map((entry) => [entry.word, entry.edits]));
  await addAlternatives(word, [...edits.keys()], (other) => EDIT_WEIGHT ** edits.get(other), words);
}

// A phrase as terms with their places, each place with its alternatives.
async function phrase(text, words) {
  const plain = analyse(text).filter((word) => word.isWord);
  return Promise.all(plain.map(async (word) => ({ position: word.position, terms: (await termsOf(word, words)).terms })));
}

// Every two neighbours once. A word such as "the" has long lists of places, so its pairs do not count.
async function pairsOf(text, words) {
  const plain = analyse(text).filter((word) => word.isWord && word.folded), out = new Map();
  for (let i = 1; i < plain.length; i++) {
    const both = [plain[i - 1], plain[i]];
    if (both.some((word) => isStopWord(text.slice(word.from, word.to)))) continue;
    const terms = await Promise.all(both.map(async (word) => ({ position: word.position, terms: (await termsOf(word, words)).terms })));
    if (terms.every((one) => one.terms.length)) out.set(terms.map((one) => one.terms[0]).join("\0"), terms);
  }
  return [...out.values()];
}

// A text that is one identifier, such as `--dry-run`, as a phrase of one term.
async function identifier(text, words) {
  const analysed = analyse(text);
  if (/\s/.test(text.trim()) || analysed.every((word) => word.isWord)) return null;
  const from = Math.min(...analysed.map((word) => word.from)), to = Math.max(...analysed.map((word) => word.to));
  const wholes = analysed.filter((word) => word.from === from && word.to === to), whole = wholes.find(({ form }) => form === "whole" || form === "symbol") ?? wholes.find((word) => word.isWord);
  return whole ? [{ position: 0, terms: (await termsOf(whole, words)).terms }] : null;
}

export class Query {
  constructor(words, phrases, excluded, pairs) {
    Object.assign(this, { words, phrases, excluded, pairs });
  }

  static async of({ text, phrases, excluded }, { words, prefix, also = [] }) {
    const list = await queryWords(text, words);
    const last = prefix ? list.findLastIndex((word) => word.isWord) : -1;
    await Promise.all(list.map((word, i) => {
      if (i === last) return complete(word, words);
      return word.isWord && !word.isKnown ? addNear(word, words) : null;
    }));
    for (const [word, other] of also) {
      const found = list.find(({ isWord, folded }) => isWord && folded === word);
      if (found) await addAlternatives(found, [other], () => 1, words);
    }
    const whole = !phrases.length && !prefix && (await identifier(text, words));
    const all = await Promise.all(phrases.map((one) => phrase(one, words)));
    const out = await Promise.all(excluded.map((one) => phrase(one, words)));
    const isFull = (one) => one.length > 0;
    return new Query(list, [...all.filter(isFull), ...(whole ? [whole] : [])], out.filter(isFull), await pairsOf(text, words));
  }

  // The query without words such as "the"; the query itself, if there are no others.
  subject() {
    const words = this.words.filter((word) => !word.isStop);
    return words.length ? new Query(words, this.phrases, this.excluded, this.pairs) : this;
  }

  // The terms that a snippet marks.
  get marked() {
    return new Set(this.subject().words.flatMap((word) => word.terms.map(([term]) => term)));
  }
}

export const weightOf = (word) => word.count * (word.form === "part" ? PART_WEIGHT : 1) * (word.isStop ? STOP_WEIGHT : 1);
