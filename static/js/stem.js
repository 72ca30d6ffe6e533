// The stem of an English word: the algorithm "English (Porter2)" of the Snowball project, as the index uses it.
// https://snowballstem.org/algorithms/english/stemmer.html
const VOWEL = "aeiouy";
const WHOLE = new Map(Object.entries({
  andes: "andes", atlas: "atlas", bias: "bias", cosmos: "cosmos", early: "earli", gently: "gentl", howe: "howe", idly: "idl",
  news: "news", only: "onli", singly: "singl", skies: "sky", skis: "ski", sky: "sky", ugly: "ugli",
}));
const START = /^(arsen|commun|emerg|gener|inter|later|organ|past|univers)/;
const DOUBLE = /(bb|dd|ff|gg|mm|nn|pp|rr|tt)$/;
const STEP2 = [
  ["ization", "ize"], ["ational", "ate"], ["fulness", "ful"], ["ousness", "ous"], ["iveness", "ive"], ["tional", "tion"],
  ["biliti", "ble"], ["lessli", "less"], ["entli", "ent"], ["ation", "ate"], ["alism", "al"], ["aliti", "al"], ["ousli", "ous"],
  ["iviti", "ive"], ["fulli", "ful"], ["ogist", "og"], ["enci", "ence"], ["anci", "ance"], ["abli", "able"], ["izer", "ize"],
  ["ator", "ate"], ["alli", "al"], ["bli", "ble"], ["ogi", "og", "l"], ["li", "", "cdeghkmnrt"],
];
const STEP3 = [["ational", "ate"], ["tional", "tion"], ["alize", "al"], ["icate", "ic"], ["iciti", "ic"], ["ative", "", null], ["ical", "ic"], ["ness", ""], ["ful", ""]];
const STEP4 = ["ement", "ance", "ence", "able", "ible", "ment", "ant", "ent", "ism", "ate", "iti", "ous", "ive", "ize", "ion", "al", "er", "ic"];

const isVowel = (c) => c !== undefined && c !== "" && VOWEL.includes(c);
const hasVowel = (text) => [...text].some(isVowel);

// The place after the first consonant that follows a vowel, from `from` on.
function region(word, from) {
  let at = from;
  while (at < word.length && !isVowel(word[at])) at++;
  while (at < word.length && isVowel(word[at])) at++;
  return Math.min(at + 1, word.length);
}

// Whether a word ends in a short syllable.
function isShort(word) {
  if (word === "past" || word.endsWith("past")) return true;
  const [a, b, c] = [word.at(-3), word.at(-2), word.at(-1)];
  if (word.length === 2) return isVowel(b) && !isVowel(c);
  return word.length > 2 && !isVowel(a) && isVowel(b) && !isVowel(c) && !"wxY".includes(c);
}

function plural(word) {
  if (/('s'|'s|')$/.test(word)) word = word.replace(/('s'|'s|')$/, "");
  if (word.endsWith("sses")) return word.slice(0, -2);
  if (/ie[sd]$/.test(word)) return word.slice(0, word.length > 4 ? -2 : -1);
  if (/(us|ss)$/.test(word) || !word.endsWith("s")) return word;
  return hasVowel(word.slice(0, -2)) ? word.slice(0, -1) : word;
}

function past(word, p1) {
  const suffix = /(eedly|ingly|edly|eed|ing|ed)$/.exec(word)?.[0];
  if (!suffix) return word;
  const stem = word.slice(0, -suffix.length);
  if (suffix.startsWith("eed")) {
    const isKept = /^(succ|proc|exc)$/.test(stem);
    return stem.length >= p1 && !isKept ? `${stem}ee` : word;
  }
  if (suffix === "ing") {
    if (/^[^aeiouy]y$/.test(stem)) return `${stem.slice(0, -1)}ie`;
    if (/^(even|cann|inn|earr|herr|out)$/.test(stem)) return word;
  }
  if (!hasVowel(stem)) return word;
  if (/(at|bl|iz)$/.test(stem)) return `${stem}e`;
  if (DOUBLE.test(stem)) return /^[aeo]..$/.test(stem) ? stem : stem.slice(0, -1);
  return stem.length === p1 && isShort(stem) ? `${stem}e` : stem;
}

function derived(word, list, p1, p2) {
  const found = list.find(([suffix]) => word.endsWith(suffix));
  if (!found) return word;
  const [suffix, by, after] = found, stem = word.slice(0, -suffix.length);
  if (stem.length < (after === null ? p2 : p1)) return word;
  return after && !(stem && after.includes(stem.at(-1))) ? word : stem + by;
}

function last(word, p1, p2) {
  const stem = word.slice(0, -1);
  if (word.endsWith("e")) return stem.length >= p2 || (stem.length >= p1 && !isShort(stem)) ? stem : word;
  return word.endsWith("ll") && stem.length >= p2 ? stem : word;
}

function residual(word, p2) {
  const suffix = STEP4.find((end) => word.endsWith(end));
  if (!suffix) return word;
  const stem = word.slice(0, -suffix.length);
  return stem.length < p2 || (suffix === "ion" && !/[st]$/.test(stem)) ? word : stem;
}

// `word` is in lower case.
export function english(word) {
  if (WHOLE.has(word)) return WHOLE.get(word);
  if (word.length < 3) return word;
  // A y that stands for a consonant is written Y.
  word = word.replace(/^'/, "").replace(/^y/, "Y").replace(/([aeiouy])y/g, "$1Y");
  const p1 = START.exec(word)?.[0].length ?? region(word, 0), p2 = region(word, p1);
  word = past(plural(word), p1);
  if (/[^aeiouy][yY]$/.test(word) && word.length > 2) word = `${word.slice(0, -1)}i`;
  word = derived(word, STEP2, p1, p2);
  word = residual(derived(word, STEP3, p1, p2), p2);
  return last(word, p1, p2).replaceAll("Y", "y");
}
