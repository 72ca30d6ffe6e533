// One score from two, pages from passages, probabilities from scores: the rules of query/src/search/fuse.rs, pages.rs and
// confidence.rs.
export const MEANING = 0.6;
const OTHERS = 8;
const SECTION_SHARE = 0.6;
const LINKS_KEEP = 0.6;
const VERBATIM = 0.95;
const FALL = 5;
// A page that is less probable than the best one by this factor is not an answer.
const LEAST = 0.005;
const CURVES = { both: [4.25, -0.66], words: [4.8, -1.35], meaning: [3.7, -0.9] };

// A signal's part of each score. `scores` are in the order of the passages; `fromSmallest` tells how they are scaled.
// `isFirst` tells which passages set the scale.
function shares({ scores, fromSmallest, isFirst }, part) {
  const first = scores.filter((_, i) => isFirst[i]), largest = first.reduce((most, score) => Math.max(most, score), -Infinity);
  let smallest = fromSmallest ? first.reduce((least, score) => Math.min(least, score), Infinity) : 0;
  if (!(largest > smallest)) smallest = largest - 1;
  return scores.map((score) => part * Math.min(Math.max((score - smallest) / (largest - smallest), 0), 1));
}

const gives = ({ scores, fromSmallest }) => (fromSmallest ? scores.length > 0 : scores.some((score) => score > 0));

// [{ passage, score, semantic, lexical }], best first; ties by the lower number.
export function fuse(passages, { semantic, lexical }) {
  const signals = [semantic, lexical], weights = signals.map((signal) => (signal && gives(signal) ? signal.weight : 0));
  const sum = weights[0] + weights[1] || 1, parts = signals.map((signal, i) => signal && shares(signal, weights[i] / sum));
  const view = (i, at) => signals[i] && { score: signals[i].scores[at], share: parts[i][at] };
  const fused = passages.map((passage, at) => {
    const one = { passage, tier: 0, semantic: view(0, at), lexical: view(1, at) };
    return { ...one, score: (one.semantic?.share ?? 0) + (one.lexical?.share ?? 0) };
  });
  return sorted(fused);
}

const sorted = (fused) => fused.sort((a, b) => b.score - a.score || a.passage - b.passage);

// Moves lists of links behind the content that they link to.
export function lowerLinks(fused, links) {
  for (const hit of fused) {
    if (!links.has(hit.passage)) continue;
    hit.score *= LINKS_KEEP;
    for (const view of [hit.semantic, hit.lexical]) if (view) view.share *= LINKS_KEEP;
  }
  sorted(fused);
}

// Moves exact matches to the front: titles (3), headings (2), phrases (1).
export function raise(fused, tier) {
  const best = fused[0]?.score ?? 0;
  for (const hit of fused) {
    hit.tier = tier(hit.passage);
    hit.own = hit.score;
    if (hit.tier) hit.score = best;
  }
  fused.sort((a, b) => b.tier - a.tier);
}

// Pages with their best passage and other good ones.
export function grouped(fused, pageOf) {
  const pages = new Map();
  for (const hit of fused) {
    const page = pages.get(pageOf[hit.passage]);
    if (!page) pages.set(pageOf[hit.passage], { best: hit, others: [], probability: 0 });
    else if (page.others.length < OTHERS && hit.score >= page.best.score * SECTION_SHARE) page.others.push(hit);
  }
  return [...pages.values()];
}

function first(best, second, [slope, offset]) {
  const lead = best > 0 ? Math.min(Math.max((best - second) / best, 0), 1) : 0;
  return 1 / (1 + Math.exp(-(slope * Math.sqrt(lead) + offset)));
}

const fallen = (score, best) => Math.min(Math.max(score / best, 0), 1) ** FALL;

// Whether a page is listed by its score, relative to the best score of its list.
export const isListed = (score, best) => best <= 0 || fallen(score, best) >= LEAST;

function estimateExact(pages, curve) {
  let above = 0, last = 1;
  while (above < pages.length) {
    const group = pages.filter(({ best }) => best.tier === pages[above].best.tier), [best, second = 0] = group.map((page) => page.best.own);
    const each = 1 / (above + group.length), none = first(1, 1, curve), isFirst = above === 0;
    const lead = isFirst ? (first(best, second, curve) - none) / (1 - none) : 0;
    const certain = VERBATIM * (each + (1 - each) * Math.min(Math.max(lead, 0), 1));
    for (const page of group) page.probability = last = Math.min(last, certain * (best > 0 ? fallen(page.best.own, best) : 1));
    above += group.length;
  }
  return last;
}

// Sets the probability of every page. `evidence` names the legs; `coverage` is the share of the query that the best has.
export function estimate(pages, evidence, coverage) {
  const curve = CURVES[evidence], exact = pages.filter(({ best }) => best.tier > 0), scored = pages.slice(exact.length);
  let last = estimateExact(exact, curve);
  const best = scored[0]?.best.score ?? 0, second = scored[1]?.best.score ?? 0;
  const certain = coverage * first(best, second, curve) * (exact.length ? 1 - VERBATIM : 1);
  for (const page of scored) page.probability = last = Math.min(last, best > 0 ? certain * fallen(page.best.score, best) : 0);
}
