// From text to words: the rules of index/src/lexical/analysis.rs and cutting.rs. Places are UTF-16 units.
import { english } from "./stem.js";

const ALNUM = /[\p{Alphabetic}\p{N}]/u;
const UPPER = /\p{Uppercase}/u;
const LOWER = /\p{Lowercase}/u;
const MARK = /[\u0300-\u036f\u3099\u309a]/;
const CJK = /[\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3130-\u318f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\u{20000}-\u{3134f}]/u;
const LETTERS = { ß: "ss", æ: "ae", œ: "oe", ø: "o", đ: "d", ð: "d", þ: "th", ł: "l", ħ: "h", ı: "i", ŋ: "n", ſ: "s" };
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

// Parts of `useEffect`, `HTTPServer` or `utf8Decoder`.
function parts(text, [from, to]) {
  const chars = [...text.slice(from, to)], cuts = [from];
  let at = from + (chars[0]?.length ?? 0);
  for (let i = 1; i < chars.length; i++) {
    const before = UPPER.test(chars[i - 1]), here = UPPER.test(chars[i]);
    if (here && (!before || LOWER.test(chars[i + 1] ?? ""))) cuts.push(at);
    at += chars[i].length;
  }
  if (cuts.length === 1) return [];
  return [...cuts, to].slice(1).map((end, i) => [cuts[i], end]).filter(([start, end]) => end - start > 1);
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
    if (isPage || count === 1) add(starts[i], starts[i + 1], position + i, count === 1, null);
    if (i + 1 < count) add(starts[i], starts[i + 2], position + i, true, null);
  }
  return position + count;
}

// A chunk as a whole, as written or joined: what its term is made of, or null if it has no term of its own.
function whole(written, words) {
  if (CJK.test(written) || (words.length === 1 && /['’]/.test(written))) return null;
  const isCompound = ALNUM.test(written[0]) && /^[\p{Alphabetic}\p{N}\-'’\u2010]*$/u.test(written);
  return { stems: isCompound ? written.replace(/[-'’\u2010]/g, "") : null };
}

// Words of a text, in order: { from, to, position, isWord, folded, stems }. `stems` is what a stemmer gets; null if the
// folded form is the term.
export function analyse(text, isPage = false) {
  const out = [];
  const add = (from, to, position, isWord, stems) => out.push({ from, to, position, isWord, folded: fold(text.slice(from, to)), stems });
  let position = 0;
  for (const chunk of chunks(text)) {
    const first = position, words = runs(text, chunk);
    for (const word of words) {
      if (CJK.test(String.fromCodePoint(text.codePointAt(word[0])))) position = pairs(text, word, position, isPage, add);
      else {
        add(...word, position, true, text.slice(...word));
        for (const part of parts(text, word)) add(...part, position, false, text.slice(...part));
        position++;
      }
    }
    if (words.length > 1 || (words.length && (words[0][0] !== chunk[0] || words[0][1] !== chunk[1]))) {
      const of = whole(text.slice(...chunk), words);
      if (of) add(...chunk, first, false, of.stems);
    }
  }
  return out.filter(({ folded }) => folded && folded.length <= 255);
}

// The terms of an analysed word by rule, for a word that the index does not list.
export function ruled({ folded, stems }) {
  return [stems === null ? folded : english(fold(stems))];
}
