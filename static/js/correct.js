// Words that are near a word by edits, and corrections of mistyped words: the rules of query/src/understand/correct/ as
// far as they need no language model.
import { fold, isStopWord } from "./analysis.js";
import { english } from "./stem.js";

const NEAREST = 5;
const CORRECTED = 3;
const CANDIDATES = 8;
const RARE = 30;
const FREQUENT_BESIDE = 8;
const FREQUENCY = 0.55;
const FORM = 3;
const MARGINS = { unknown: -6.5, name: -2, otherForm: -4, common: -2.5, occurs: -1 };
const ROWS = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];

// Edits from `a` to `b`, transpositions counted as one; more than `most` if there are more.
export function edits(a, b, most) {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let before = [], row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) next[j] = Math.min(next[j], before[j - 2] + 1);
    }
    if (Math.min(...next) > most) return most + 1;
    [before, row] = [row, next];
  }
  return row[b.length];
}

function areBeside(a, b) {
  const [x, y] = [a, b].map((c) => {
    const row = ROWS.findIndex((keys) => keys.includes(c));
    return row < 0 ? null : [row, ROWS[row].indexOf(c)];
  });
  if (!x || !y) return false;
  const [upper, lower] = x[0] < y[0] ? [x, y] : [y, x];
  if (upper[0] === lower[0]) return Math.abs(upper[1] - lower[1]) === 1;
  return lower[0] - upper[0] === 1 && (upper[1] === lower[1] || upper[1] === lower[1] + 1);
}

// The cost of typing `a` for `b`, in nats.
export function cost(a, b) {
  const slip = 5, first = (at) => (at === 0 ? 0.3 : 0), rows = [];
  const inserted = (at) => {
    const beside = [a[at - 1], a[at + 1]].filter(Boolean);
    return beside.includes(a[at]) ? 0 : beside.some((c) => areBeside(c, a[at])) ? 1.8 : 3;
  };
  const exchanged = (x, y, at) => (x === y ? 0 : slip + (areBeside(x, y) ? 1.4 : 3.5) + first(at));
  for (let i = 0; i <= a.length; i++) {
    rows.push([]);
    for (let j = 0; j <= b.length; j++) {
      let best = i || j ? Infinity : 0;
      if (i) best = Math.min(best, rows[i - 1][j] + slip + inserted(i - 1) + first(i - 1));
      if (j) best = Math.min(best, rows[i][j - 1] + slip + first(j - 1));
      if (i && j) best = Math.min(best, rows[i - 1][j - 1] + exchanged(a[i - 1], b[j - 1], i - 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] && a[i - 1] !== a[i - 2]) {
        best = Math.min(best, rows[i - 2][j - 2] + slip + first(i - 2));
      }
      rows[i][j] = best;
    }
  }
  return rows[a.length][b.length];
}

// Plain words within some edits that begin with the first or the second letter: fewest edits first, then the most
// frequent.
async function within(word, most, words) {
  const letters = [...new Set([word[0], word[1]])], lists = await Promise.all(letters.map((letter) => words.dictionary(letter)));
  const found = new Map();
  for (const entry of lists.flat()) {
    const count = edits(word, entry.word, most);
    if (count && count <= most) found.set(entry.word, { ...entry, edits: count });
  }
  return [...found.values()].sort((a, b) => a.edits - b.edits || b.passages - a.passages || (a.word < b.word ? -1 : 1));
}

// The nearest words of the index to one that it does not have.
export async function nearest(word, words) {
  const length = [...word].length, most = length < 4 ? 0 : length < 8 ? 1 : 2;
  return most && !/\d/.test(word) ? (await within(word, most, words)).slice(0, NEAREST) : [];
}

// Words of letters only, outside quotes.
function plainWords(query) {
  const out = [];
  let isQuoted = false;
  for (const { 0: chunk, index } of query.matchAll(/\S+/g)) {
    const quotes = chunk.match(/["“”„«»]/g)?.length ?? 0, inside = isQuoted || quotes > 0;
    if (quotes % 2) isQuoted = !isQuoted;
    const found = /^(\(*)(\p{Alphabetic}+?)(?:['’]s)?[.,;:?!)]*$/u.exec(chunk);
    const isPlain = found && !inside && !/^.+\p{Uppercase}/u.test(found[2]) && !/[\u2e80-\u9fff\uac00-\ud7af]/.test(found[2]);
    if (isPlain) out.push({ from: index + found[1].length, word: found[2] });
  }
  return out;
}

async function kindOf(word, passages, isWithin, isCommon, words) {
  const isName = isWithin && /^\p{Uppercase}/u.test(word);
  if (passages > RARE || (passages && isName)) return null;
  if (passages) return "occurs";
  if (await isCommon(fold(word))) return "common";
  if (await words.isTerm(english(fold(word)))) return "otherForm";
  return isName ? "name" : "unknown";
}

const doubled = (word) => [...word].filter((c, i) => c === word[i - 1]).length;
const isOtherForm = (typed, word) => english(typed) === english(word) && doubled(typed) <= doubled(word);

// The word that was probably meant; null if the typed one may stay.
async function meant({ word }, n, isCommon, words) {
  const folded = fold(word), passages = (await words.word(folded))?.passages ?? 0;
  const kind = await kindOf(word, passages, n > 0, isCommon, words);
  if (!kind) return null;
  const isNew = kind === "unknown" || kind === "name", near = await within(folded, isNew && folded.length > 4 ? 2 : 1, words);
  let candidates = near.filter((entry) => entry.word.length >= 4 && (isNew || entry.passages >= FREQUENT_BESIDE * passages));
  if (kind === "common" || kind === "occurs") candidates = candidates.filter((entry) => !isOtherForm(folded, entry.word));
  const score = (entry) => FREQUENCY * Math.log1p(entry.passages) - cost(folded, entry.word) - (kind === "otherForm" && isOtherForm(folded, entry.word) ? FORM : 0);
  const best = candidates.map((entry) => ({ ...entry, score: score(entry) })).sort((a, b) => b.score - a.score).slice(0, CANDIDATES)[0];
  return best && best.score - FREQUENCY * Math.log1p(passages) - MARGINS[kind] > 0 ? best.word : null;
}

// { text, also }: the query with its mistyped words corrected, and the words that were typed; null if none looks mistyped.
// `isCommon` says whether the model knows a word.
export async function corrected(query, skipsLast, isCommon, words) {
  const all = plainWords(query), looked = (skipsLast ? all.slice(0, -1) : all).filter(({ word }) => word.length >= 3 && !isStopWord(word));
  const found = await Promise.all(looked.map((word, n) => meant(word, n, isCommon, words)));
  const changes = looked.map((word, i) => ({ ...word, to: found[i] })).filter(({ to }) => to).slice(0, CORRECTED);
  if (!changes.length) return null;
  let text = query;
  for (const { from, word, to } of [...changes].reverse()) text = text.slice(0, from) + to + text.slice(from + word.length);
  return { text, also: changes.map(({ word, to }) => [to, word]) };
}
