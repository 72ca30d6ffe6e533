// A long question, a pasted error or a log line, brought down to what says most: the rules of query/src/request/condense.rs
// and shape.rs.
import { ALNUM, INSIDE, analyse, fold, isStopWord, ruled } from "./analysis.js";
import { rarity } from "./query.js";
import { sentences } from "./snippet.js";

const LONG = 512;
const SHORTEST_LOG_LINE = 5;
const LONGEST_NUMBER = 16;
const MOST_WORDS = 32;
const MOST_TIMES = 2;
const [NAME, CODE, NUMBER] = [1.5, 1.25, 0.5];
// Words of the text whose vector is looked up: a browser fetches a row for each.
const MOST_ENCODED = 84;
const LONGEST_LINE = 400;
const [FRAMES, IN_FRAMES] = [10, 4];

const count = (text, pattern) => text.match(pattern)?.length ?? 0;

function isNoise(text) {
  const id = text.split(/[=:/]/).at(-1), digits = text.split(/[=:]/).at(-1), hex = digits.replace(/^0x/, "");
  if (/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(id)) return true;
  const letters = count(text, /\p{Alphabetic}/gu);
  if (count(text, /\d+/g) > 1 && letters <= 2 && count(text, /\d/g) > letters && /^[\da-z:./,+-]*$/i.test(text)) return true;
  if (hex.length < 8 || !/^[\da-f]+$/i.test(hex)) return false;
  return hex !== digits || (/\d/.test(hex) && /[a-f]/i.test(hex)) || (hex.length > 8 && /^\d+$/.test(hex));
}

// Stretches without white space: { from, to, shape, last }, where the last name of a path begins at `last`.
function stretches(query) {
  return Array.from(query.matchAll(/\S+/g), ({ 0: written, index: from }) => {
    const body = written.replace(/^[^\p{Alphabetic}\p{N}/\\]+|[^\p{Alphabetic}\p{N}/\\]+$/gu, ""), isPath = count(body, /[/\\]/g) >= 2;
    const end = written.replace(/[^\p{Alphabetic}\p{N}]+$/u, ""), last = Math.max(end.lastIndexOf("/"), end.lastIndexOf("\\")) + 1;
    return { from, to: from + written.length, shape: isNoise(body) ? "noise" : isPath ? "path" : "telling", last: from + last };
  });
}

// Whether a query is longer than anybody types, or a log line.
export function isLong(query) {
  if ([...query].length > LONG) return true;
  const all = stretches(query), noise = all.filter(({ from, to, shape }) => shape === "noise" && to - from >= LONGEST_NUMBER).length;
  return noise > 0 && all.length - noise >= SHORTEST_LOG_LINE;
}

const isCode = (word) => (/\d/.test(word) && /\p{Alphabetic}/u.test(word)) || (/^.+\p{Uppercase}/su.test(word) && /\p{Lowercase}/u.test(word));

// How much a word says beside its rarity; 0 if it is not searched.
function says(written, { form, from, to }, stretch) {
  const isAlone = stretch.to - stretch.from - (to - from) <= 2, isNumber = /^\d+$/.test(written);
  if (form === "whole" && !isNumber) return NAME;
  if (stretch.shape === "noise") return isAlone && !isNumber && form === "word" ? NAME : 0;
  if ((stretch.shape === "path" && from < stretch.last) || (isNumber && !isAlone)) return 0;
  if (isNumber) return NUMBER;
  if (form === "symbol" || isStopWord(written)) return 0;
  return isCode(written) ? CODE : 1;
}

// Passages that have a word in any form.
async function passagesOf(word, words) {
  const counts = await Promise.all(ruled(word).flatMap((term) => [words.count(term), words.count(term + INSIDE)]));
  return Math.max(...counts);
}

// The words that the index has and that say something, in their order.
async function tellingWords(query, all, words) {
  const found = new Map();
  for (const word of analyse(query)) {
    const stretch = all.find(({ to }) => to > word.from), written = query.slice(word.from, word.to);
    if (/^(part|joined)$/.test(word.form) || !stretch || stretch.to < word.to) continue;
    const worth = says(written, word, stretch), place = `${word.from} ${word.to}`;
    if (worth && !found.has(place)) found.set(place, { ...word, written, worth });
  }
  const known = new Map(), list = [...found.values()].sort((a, b) => a.from - b.from || b.to - a.to);
  await Promise.all(list.map(async (word) => {
    if (!known.has(word.folded)) known.set(word.folded, passagesOf(word, words));
    const passages = await known.get(word.folded);
    word.worth *= passages ? rarity(passages, words.overview.passages) : 0;
  }));
  return list.filter(({ worth }) => worth);
}

// The words without those that most lines of a stack trace have.
function withoutFrames(breaks, words) {
  if (breaks.length + 1 < FRAMES) return words;
  const lines = new Map();
  for (const { folded, from } of words) {
    const line = breaks.filter((at) => at <= from).length;
    lines.set(folded, (lines.get(folded) ?? new Set()).add(line));
  }
  const left = words.filter(({ folded }) => lines.get(folded).size * IN_FRAMES <= breaks.length + 1);
  return left.length ? left : words;
}

// The places of the words that say most.
function chosen(words) {
  const first = new Map();
  for (const word of words) if (!first.has(word.folded)) first.set(word.folded, word);
  const best = [...first.values()].sort((a, b) => b.worth - a.worth || a.from - b.from).slice(0, MOST_WORDS), times = new Map(best.map(({ folded }) => [folded, 0])), kept = [];
  for (const word of words.filter(({ folded }) => times.has(folded))) {
    // The words of an identifier come with it.
    if (word.from < (kept.at(-1)?.to ?? 0) || times.get(word.folded) === MOST_TIMES) continue;
    times.set(word.folded, times.get(word.folded) + 1);
    kept.push(word);
  }
  return { kept, left: times };
}

function linesOf(query, breaks) {
  const ends = [...(breaks.length ? breaks : sentences(query).slice(1)), query.length], out = [];
  let from = 0;
  for (const end of ends) {
    while (end - from > LONGEST_LINE) {
      const space = query.slice(from, from + LONGEST_LINE).lastIndexOf(" "), cut = from + (space < 0 ? LONGEST_LINE : space + 1);
      out.push({ from, to: cut });
      from = cut;
    }
    out.push({ from, to: end });
    from = end;
  }
  return out;
}

// The text for the vector: all of it, or the lines that hold the rarest words.
function textOf(query, breaks, all, kept) {
  const inside = (list, line) => list.filter(({ from, to }) => from >= line.from && to <= line.to);
  const telling = (line) => inside(all, line).filter(({ shape }) => shape !== "noise").map(({ shape, from, to, last }) => query.slice(shape === "path" ? last : from, to));
  const lines = linesOf(query, breaks).map((line) => ({ words: telling(line), worth: inside(kept, line).reduce((sum, { worth }) => sum + worth, 0) }));
  const order = [...lines.keys()].sort((a, b) => lines[b].worth - lines[a].worth || a - b), taken = new Set();
  for (let i = 0, used = 0; i < order.length; i++) {
    const { length } = lines[order[i]].words;
    if (taken.size && used + length > MOST_ENCODED) continue;
    used += length;
    taken.add(order[i]);
  }
  return lines.filter((_, i) => taken.has(i)).flatMap(({ words }) => words).join(" ");
}

// { words, text, kept, left_out }: the words for the keyword leg, a line break where something was left out; the text for
// the vector; the words once; the number of others.
export async function condensed(query, breaks, words) {
  const all = stretches(query), telling = withoutFrames(breaks, await tellingWords(query, all, words)), { kept, left } = chosen(telling);
  const between = (i) => (ALNUM.test(query.slice(kept[i - 1].to, kept[i].from)) ? "\n" : " ");
  const text = textOf(query, breaks, all, kept) || [...query].slice(0, LONG).join("");
  const once = kept.filter(({ folded }, i) => kept.findIndex((word) => word.folded === folded) === i).map(({ written }) => written);
  const listed = new Set([...left.keys()].flatMap((word) => [word, ...word.split(/[^\p{Alphabetic}\p{N}]+/u)]));
  const others = new Set(Array.from(query.matchAll(/[\p{Alphabetic}\p{N}]+/gu), ([word]) => word).filter((word) => !isStopWord(word)).map(fold));
  return { words: kept.map(({ written }, i) => (i ? between(i) : "") + written).join(""), text, kept: once, left_out: [...others].filter((word) => !listed.has(word)).length };
}
