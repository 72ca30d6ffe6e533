// The words of a query with their terms: the rules of index/src/lexical/query.rs and words.rs.
import { INSIDE, analyse, isStopWord, ruled } from "./analysis.js";
import { nearest } from "./correct.js";

const COMPLETIONS = 8;
const EDIT_WEIGHT = 0.6;
const STOP_WEIGHT = 0.5;
// A part of an identifier, and neighbouring parts of one together, count less than the identifier itself.
const FORMS = { part: 0.4, joined: 0.3 };
// A word inside a name counts less than the word itself.
const INSIDE_WEIGHT = 0.7;

export const rarity = (passages, all) => Math.log(1 + (all - passages + 0.5) / (passages + 0.5));
const formWeight = ({ form }) => FORMS[form] ?? 1;

// The terms of an analysed word, and what the index knows of it.
async function termsOf(word, words) {
  const known = word.form === "joined" ? null : await words.word(word.folded);
  return { terms: known?.terms ?? ruled(word), known };
}

async function queryWords(text, words) {
  const analysed = analyse(text), all = await Promise.all(analysed.map((word) => termsOf(word, words))), out = [];
  analysed.forEach((word, i) => {
    const { terms, known } = all[i], { folded, form, isWord } = word;
    const same = out.find((other) => other.terms.map(([term]) => term).join("\0") === terms.join("\0"));
    if (!same) {
      const isStop = isStopWord(text.slice(word.from, word.to));
      out.push({ folded, terms: terms.map((term) => [term, 1]), count: 1, known, isKnown: Boolean(known) || !isWord, isStop, isWord, form });
    } else if (formWeight(same) < formWeight(word)) Object.assign(same, { form, isWord });
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

// Lets a word stand for itself inside of names, and for the compounds that it is a part of; gives its own parts.
async function addOthers(word, words) {
  const all = words.overview.passages, { compounds = [], parts = [] } = (word.isWord && word.known) || {};
  const own = word.isWord || word.form === "whole" ? word.terms.map(([term]) => term) : [];
  const found = await Promise.all(own.map((term) => Promise.all([words.count(term + INSIDE), words.count(term)])));
  found.forEach(([names, alone], i) => {
    const share = Math.min(Math.max(rarity(names + alone, all) / rarity(names, all), 0.05), 1);
    if (names) word.terms.push([own[i] + INSIDE, INSIDE_WEIGHT * share]);
  });
  word.terms.push(...compounds.filter(([term]) => !own.includes(term)));
  word.isKnown ||= found.some(([names]) => names) || compounds.length + parts.length > 0;
  return parts.map((term) => ({ ...word, folded: term, terms: [[term, 1]], form: "part", isWord: false, known: null }));
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

// A phrase as terms with their places, each place with its alternatives; without words such as "the" beside others.
async function phrase(text, words) {
  const all = analyse(text).filter((word) => word.isWord), telling = all.filter((word) => !isStopWord(text.slice(word.from, word.to)));
  const plain = telling.length ? telling : all;
  return Promise.all(plain.map(async (word) => ({ position: word.position, terms: (await termsOf(word, words)).terms })));
}

// Every two neighbours once. A word such as "the" has long lists of places, so its pairs do not count.
async function pairsOf(text, words) {
  const plain = analyse(text).filter((word) => word.isWord && word.folded), out = new Map();
  for (let i = 1; i < plain.length; i++) {
    const both = [plain[i - 1], plain[i]];
    if (both.some((word) => isStopWord(text.slice(word.from, word.to))) || text.slice(both[0].to, both[1].from).includes("\n")) continue;
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
    const parts = await Promise.all(list.map(async (word, i) => {
      if (i === last) return complete(word, words);
      const own = await addOthers(word, words);
      if (word.isWord && !word.isKnown) await addNear(word, words);
      return own;
    }));
    for (const part of parts.flat()) if (part && list.every(({ folded }) => folded !== part.folded)) list.push(part);
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

export const weightOf = (word) => word.count * formWeight(word) * (word.isStop ? STOP_WEIGHT : 1);
