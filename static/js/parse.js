// The query language: "phrases", -exclusions, field:value; the rules of query/src/request/parse.rs.
const OPEN = '"“”„«';
const CLOSE = /["”“»]/;
const ALNUM_ANY = /[\p{Alphabetic}\p{N}]/u;

function quoted(text) {
  if (!text || !OPEN.includes(text[0])) return null;
  const end = text.slice(1).search(CLOSE);
  if (end < 0) return null;
  const phrase = text.slice(1, 1 + end).trim();
  return ALNUM_ANY.test(phrase) ? [phrase, text.slice(2 + end)] : null;
}

function partsOf(query) {
  const parts = [];
  let rest = query.trimStart();
  while (rest) {
    const next = String.fromCodePoint(rest.codePointAt(1) ?? 32);
    const minus = rest[0] === "-" && (ALNUM_ANY.test(next) || OPEN.includes(next));
    const found = quoted(minus ? rest.slice(1) : rest);
    if (found) parts.push({ minus, phrase: found[0] });
    else parts.push({ minus, word: /^\S+/.exec(rest)[0] });
    rest = (found ? found[1] : rest.slice(parts.at(-1).word.length)).trimStart();
  }
  return parts;
}

function field(word) {
  const at = word.indexOf(":"), key = word.slice(0, at), value = word.slice(at + 1);
  return at > 0 && value && !/^[:/]/.test(value) ? [key.toLowerCase(), value] : null;
}

// `isKey` says whether pages have metadata of a key, `isIdentifier` whether the index has a word with its minus.
export async function parse(query, isKey, isIdentifier) {
  const parsed = { text: "", phrases: [], excluded: [], filters: [] }, text = [];
  for (const { minus, phrase, word } of partsOf(query)) {
    const pair = word && field(word);
    if (phrase && minus) parsed.excluded.push(phrase);
    else if (phrase) parsed.phrases.push(phrase), text.push(phrase);
    else if (minus && !(await isIdentifier(word))) parsed.excluded.push(word.replace(/^-+/, ""));
    else if (pair && isKey(pair[0])) parsed.filters.push(pair);
    else text.push(word);
  }
  if (!text.length && !parsed.filters.length) return { text: query, phrases: [], excluded: [], filters: [] };
  return { ...parsed, text: text.join(" ") };
}
