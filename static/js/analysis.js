// From text to words: the rules of index/src/lexical/analysis.rs and cutting.rs. Places are UTF-16 units.
import { english } from "./stem.js";

export const ALNUM = /[\p{Alphabetic}\p{N}]/u;
const UPPER = /\p{Uppercase}/u;
const LOWER = /\p{Lowercase}/u;
const MARK = /[\u0300-\u036f\u3099\u309a]/;
const CJK = /[\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3130-\u318f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\u{20000}-\u{3134f}]/u;
const LETTERS = { ß: "ss", æ: "ae", œ: "oe", ø: "o", đ: "d", ð: "d", þ: "th", ł: "l", ħ: "h", ı: "i", ŋ: "n", ſ: "s" };
// Parts of the longest name whose parts are joined.
const MOST_PARTS = 12;
// The end of a term inside a name, as `username` in `getUserName`.
export const INSIDE = "\u0002";
const ACCENTED = /([a-z])[\u0300-\u036f]+/g;
const STOP = new Set((
  "a an and are as at be but by for if in into is it no not of on or such that the their then there these they this to was will with " +
  "how do does what when where why who which can my i me should"
).split(" "));

export const isStopWord = (word) => STOP.has(word.toLowerCase());

// Lower case, without accents of Latin letters: `é` typed as one or two characters is the same.
export function fold(text) {
  const lower = text.toLowerCase();
  if (/^[\x00-\x7f]*$/.test(lower)) return lower;
  const bare = lower.normalize("NFD").replace(ACCENTED, "$1").normalize("NFC").replace(/[\u0300-\u036f]/g, "");
  return bare.replace(/[ßæœøđðþłħıŋſ]/g, (c) => LETTERS[c]).replace(/[‘’]/g, "'").replace(/[‐-―]/g, "-");
}

function chunks(text) {
  const out = [];
  for (const { 0: piece, index } of text.matchAll(/\S+/g)) {
    const from = /[\p{Alphabetic}\p{N}.\-$@_#]/u.exec(piece)?.index;
    if (from === undefined || !ALNUM.test(piece)) continue;
    const end = /^.*[\p{Alphabetic}\p{N}+#_]/su.exec(piece)[0].length;
    if (end > from && ALNUM.test(piece.slice(from, end))) out.push([index + from, index + end]);
  }
  return out;
}

// Runs of letters and digits. A run of Chinese, Japanese or Korean is a run of its own.
function runs(text, [from, to]) {
  const out = [];
  let last = null, at = from;
  for (const c of text.slice(from, to)) {
    const end = at + c.length, isMark = MARK.test(c);
    if (!ALNUM.test(c) && !isMark) last = null;
    else {
      const isCjk = CJK.test(c);
      if (last !== null && (last === isCjk || isMark)) out.at(-1)[1] = end;
      else out.push([at, end]);
      last = isCjk;
    }
    at = end;
  }
  const tail = out.at(-1);
  const isPossessive = out.length > 1 && text.slice(...tail).toLowerCase() === "s" && /['’]/.test(text[tail[0] - 1]);
  return isPossessive ? out.slice(0, -1) : out;
}

// Cut where the case says that a word begins: `use`, `Effect`.
function cased(text, [from, to]) {
  const chars = [...text.slice(from, to)], cuts = [from];
  let at = from + (chars[0]?.length ?? 0);
  for (let i = 1; i < chars.length; i++) {
    const before = UPPER.test(chars[i - 1]), here = UPPER.test(chars[i]);
    if (here && (!before || LOWER.test(chars[i + 1] ?? ""))) cuts.push(at);
    at += chars[i].length;
  }
  return [...cuts, to].slice(1).map((end, i) => [cuts[i], end]);
}

// Letters and digits of `sha256` apart; `x86` is one word.
function lettersAndDigits(text, [from, to]) {
  const found = Array.from(text.slice(from, to).matchAll(/[0-9]+|[^0-9]+/g), ({ 0: run, index }) => ({ run, at: from + index }));
  const isLong = ({ run }) => !/^[0-9]/.test(run) && [...run].length >= 3;
  return found.length > 1 && found.some(isLong) ? found.map(({ run, at }) => [at, at + run.length]) : [];
}

// Parts of `useEffect`, `HTTPServer`, `utf8Decoder` or `sha256`.
function parts(text, word) {
  const all = cased(text, word), out = all.length > 1 ? [...all] : [];
  for (const part of all) out.push(...lettersAndDigits(text, part));
  return out.filter(([start, end]) => end - start > 1);
}

// The names of a chunk: `$_GET` and `id` in `$_GET['id']`, `bar_baz` in `foo.bar_baz(x`.
function names(text, [from, to]) {
  const out = [];
  for (const { 0: run, index } of text.slice(from, to).matchAll(/[\p{Alphabetic}\p{N}_\-\u2010]+/gu)) {
    const before = text.slice(from, from + index), sigils = /[$@#]*$/.exec(before)[0].length;
    const isAlone = !/[\p{Alphabetic}\p{N}]$/u.test(before.slice(0, before.length - sigils));
    const start = from + index - (isAlone ? sigils : 0), end = from + index + run.replace(/[-\u2010]+$/, "").length;
    const written = text.slice(start, end);
    if (/\p{Alphabetic}/u.test(written) && !CJK.test(written)) out.push([start, end]);
  }
  return out;
}

// What parts of a name are together: every two neighbours, and the whole if it is written with underscores.
function joined(text, name, words) {
  const all = words.flatMap((word) => cased(text, word)), isSnake = words.length > 1 && text.slice(...name).includes("_");
  if (all.length > MOST_PARTS) return [];
  // What stands between hyphens may be plain language, as in "state-of-the-art".
  const isPlain = all.length === words.length && !isSnake, says = (part) => !(isPlain && isStopWord(text.slice(...part)));
  const pairs = all.length > 2 ? all.slice(1).map((part, i) => [all[i], part]) : [], lists = [...pairs, ...(isSnake && all.length > 1 ? [all] : [])];
  return lists.filter((list) => list.every(says)).map((list) => ({ written: list.map((part) => text.slice(...part)).join(""), from: list[0][0], to: list.at(-1)[1] }));
}

// Emoji, signs and operators.
const SIGN = /[\u00a2-\u00a7\u00a9\u00ac\u00ae\u00b0\u00b1\u00d7\u00f7\u20a0-\u20cf\u2100-\u214f\u2190-\u23ff\u2460-\u24ff\u25a0-\u2bff\u{1f000}-\u{1f3fa}\u{1f400}-\u{1faff}]/gu;
function symbols(text) {
  const out = Array.from(text.matchAll(SIGN), ({ 0: sign, index }) => [index, index + sign.length]).filter(([a, b]) => !ALNUM.test(text.slice(a, b)));
  for (const { 0: piece, index } of text.matchAll(/\S+/g)) {
    if (/^[!-/:-@[-`{-~]{2,3}$/.test(piece) && (piece === "??" || /[=<>&|+%^~]/.test(piece))) out.push([index, index + piece.length]);
  }
  return out.sort((a, b) => a[0] - b[0]);
}

function pairs(text, [from, to], position, isPage, add) {
  const starts = [];
  let at = from;
  for (const c of text.slice(from, to)) {
    starts.push(at);
    at += c.length;
  }
  starts.push(to);
  const count = starts.length - 1;
  for (let i = 0; i < count; i++) {
    if (isPage || count === 1) add(starts[i], starts[i + 1], position + i, count === 1 ? "word" : "part", null);
    if (i + 1 < count) add(starts[i], starts[i + 2], position + i, "word", null);
  }
  return position + count;
}

// A chunk as a whole, as written or joined: what its term is made of, or null if it has no term of its own.
function whole(written, words) {
  if (CJK.test(written) || (words.length === 1 && /['’]/.test(written))) return null;
  const isCompound = ALNUM.test(written[0]) && /^[\p{Alphabetic}\p{N}\-'’\u2010]*$/u.test(written);
  return { stems: isCompound ? written.replace(/[-'’\u2010]/g, "") : null };
}

// Words of a text: { from, to, position, form, isWord, folded, stems }. `stems` is what a stemmer gets; null if the folded
// form is the term.
export function analyse(text, isPage = false) {
  const out = [];
  const add = (from, to, position, form, stems) => out.push({ from, to, position, form, isWord: form === "word", folded: fold(text.slice(from, to)), stems });
  const addWhole = ([from, to], position) => {
    const of = whole(text.slice(from, to), runs(text, [from, to]));
    if (of) add(from, to, position, "whole", of.stems);
  };
  let position = 0;
  for (const chunk of chunks(text)) {
    const places = [], words = runs(text, chunk);
    const isSame = (a, b) => a[0] === b[0] && a[1] === b[1], isChunk = (word) => isSame(word, chunk);
    for (const word of words) {
      places.push(position);
      if (CJK.test(String.fromCodePoint(text.codePointAt(word[0])))) position = pairs(text, word, position, isPage, add);
      else {
        add(...word, position, "word", text.slice(...word));
        for (const part of parts(text, word)) add(...part, position, "part", text.slice(...part));
        position++;
      }
    }
    if (words.length > 1 || (words.length && !isChunk(words[0]))) addWhole(chunk, places[0]);
    if (words.length === 1 && isChunk(words[0]) && !/^.+\p{Uppercase}/su.test(text.slice(...chunk))) continue;
    for (const name of names(text, chunk)) {
      const first = words.findIndex((word) => word[0] >= name[0]), own = words.filter((word) => word[0] >= name[0] && word[1] <= name[1]);
      if (!own.length) continue;
      const bare = [name[1] - text.slice(...name).replace(/^[$@#-]+/, "").length, name[1]];
      for (const form of isSame(name, bare) ? [name] : [name, bare]) {
        if (!isChunk(form) && !(own.length === 1 && isSame(own[0], form))) addWhole(form, places[first]);
      }
      for (const { written, from, to } of joined(text, name, own)) add(from, to, places[first], "joined", written);
    }
  }
  for (const [from, to] of symbols(text)) add(from, to, out.find((word) => word.isWord && word.from >= from)?.position ?? position, "symbol", null);
  return out.filter(({ folded }) => folded && folded.length <= 255);
}

// The terms of an analysed word by rule, for a word that the index does not list.
export function ruled({ folded, stems, form }) {
  const term = stems === null ? folded : english(fold(stems));
  return form === "joined" ? [term + INSIDE, term] : [term];
}
