// The part of a passage that shows why it matches: the rules of query/src/present/snippet.rs.
import { analyse, ruled } from "./analysis.js";

const LENGTH = 240;
const SEGMENTER = Intl.Segmenter && new Intl.Segmenter("en", { granularity: "sentence" });

// Where the sentences of a text begin.
export function sentences(text) {
  if (SEGMENTER) return Array.from(SEGMENTER.segment(text), ({ index }) => index);
  return [0, ...Array.from(text.matchAll(/[.!?…。]\s+/g), ({ 0: end, index }) => index + end.length)];
}

function wordStart(text, at) {
  const space = at > 0 ? text.indexOf(" ", at) : -1;
  return at > 0 ? (space < 0 ? at : space + 1) : 0;
}

// The end of the last word that fits into LENGTH bytes of UTF-8.
function windowEnd(text, start) {
  let bytes = 0, end = start, space = -1;
  for (const c of text.slice(start, start + LENGTH + 1)) {
    const code = c.codePointAt(0), size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (bytes + size > LENGTH) return space < 0 ? end : space;
    if (c === " " && bytes > LENGTH / 2) space = end;
    bytes += size;
    end += c.length;
  }
  return end;
}

// The window with the most different terms, then the most matches, then the earliest.
function windowOf(text, matches) {
  const all = windowEnd(text, 0);
  if (all === text.length || !matches.length) return [0, all];
  let best = { terms: -1, all: -1 };
  for (const start of [...sentences(text), ...matches.map(({ from }) => wordStart(text, Math.max(from - LENGTH / 3, 0)))]) {
    const end = windowEnd(text, start), inside = matches.filter(({ from, to }) => from >= start && to <= end);
    const terms = new Set(inside.map(({ term }) => term)).size;
    if (terms > best.terms || (terms === best.terms && inside.length > best.all)) best = { terms, all: inside.length, start, end };
  }
  return [best.start, best.end];
}

function merged(ranges) {
  const out = [];
  for (const [from, to] of ranges.sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    const last = out.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else out.push([from, to]);
  }
  return out;
}

// { text, highlights }. `marked` holds the terms to mark, `known` the terms of words by their written form.
export function snippet(text, marked, known, isMarking) {
  const matches = [];
  for (const word of analyse(text, true)) {
    const term = (known.get(word.folded) ?? ruled(word)).find((one) => marked.has(one));
    if (term !== undefined) matches.push({ from: word.from, to: word.to, term });
  }
  const [start, end] = windowOf(text, matches), before = start > 0 ? "…" : "", after = end < text.length ? "…" : "";
  const shift = before.length - start, inside = matches.filter(({ from, to }) => from >= start && to <= end);
  const highlights = isMarking ? merged(inside.map(({ from, to }) => [from + shift, to + shift])) : [];
  return { text: before + text.slice(start, end) + after, highlights };
}
