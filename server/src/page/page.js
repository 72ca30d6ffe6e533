// The search page: asks GET search while the user types, draws the answer, and keeps the address in step with the form.
// Everything that came from the index is text: it enters the page through text nodes only, and a link only after `safeHref`.

const LIMIT = 10;
const REACH = 1000; // the server refuses offset + limit beyond this
const DEBOUNCE_MS = 120;
const PATIENCE_MS = 180; // a faster answer shows no sign of loading: a flash would only be noise
const PAUSE_MS = 700; // how long to wait before speaking, so that a screen reader echoes the typing first
const RETRIES = 3;
const LEGS = { semantic: "Semantic", lexical: "Keyword" };
// By status. The second sentence stands in where the server gave none.
const FAILURES = {
  offline: ["You are offline", "The search goes on as soon as the connection is back."],
  unreachable: ["The server cannot be reached", "It may be restarting, or the connection was lost."],
  429: ["Too many searches at once", "The server asks for a short pause."],
  503: ["The search is busy", "It should answer again in a moment."],
  server: ["Something went wrong", "The server could not answer this search."],
  request: ["This search was not accepted", "The server could not read the request."],
};

const $ = (id) => document.getElementById(id);
const form = $("form"), field = $("field"), results = $("results"), list = $("hits"), more = $("more");
const [adopt, widen, again, further] = ["corrected", "nothing", "failure", "more"].map((id) => $(id).querySelector("button"));

let shown = null; // the request behind the list, and how far it has been read
let call = null; // the one request that may still draw; any other answer is stale
let retry = null; // asks again what failed last
let committed = ""; // the address that this history entry had before typing replaced it
let typingTimer, patienceTimer, retryTimer, speechTimer;

// ---- the address ----

function restore() {
  const params = new URLSearchParams(location.search);
  field.value = params.get("q") ?? "";
  form.elements.mode.value = "hybrid";
  form.elements.mode.value = params.get("mode"); // a mode without a button changes nothing
  form.elements.explain.checked = params.get("explain") === "true";
  committed = address();
  search();
}

function address() {
  const { q, mode, explain } = asked();
  const query = parameters({ q, mode: mode !== "hybrid" && mode, explain });
  return location.pathname + (query && `?${query}`);
}

const parameters = (fields) => new URLSearchParams(Object.entries(fields).filter(([, value]) => value)).toString();

// Typing has replaced the address of the search before this one: put that back first, so that Back leads to it.
function commit() {
  const next = address();
  if (next !== committed) {
    history.replaceState(null, "", committed);
    history.pushState(null, "", next);
    committed = next;
  }
}

// ---- asking ----

function asked(typing = false) {
  return {
    q: field.value.trim(),
    mode: form.elements.mode.value,
    explain: form.elements.explain.checked,
    prefix: typing && !/\s$/.test(field.value), // after a space the last word is whole
  };
}

function search({ typing = false, push = false } = {}) {
  const request = asked(typing);
  stop();
  push ? commit() : history.replaceState(null, "", address());
  document.title = request.q ? `${request.q} - Cloze` : "Cloze search";
  request.q ? load(request, 0) : drawStart();
}

function stop() {
  for (const timer of [typingTimer, patienceTimer, retryTimer]) clearTimeout(timer);
  call?.abort();
  call = retry = null;
  results.removeAttribute("aria-busy");
  document.body.classList.remove("waiting");
}

async function load(request, offset, attempt = 0) {
  stop();
  const mine = (call = new AbortController());
  results.setAttribute("aria-busy", "true");
  patienceTimer = setTimeout(drawWaiting, PATIENCE_MS);
  const { answer, failure } = await get(request, offset, mine.signal);
  if (call !== mine) return;
  stop();
  if (failure) drawFailure(failure, request, offset, attempt);
  else drawAnswer(answer, request, offset);
}

async function get(request, offset, signal) {
  let response, body;
  try {
    response = await fetch(`search?${parameters({ ...request, limit: LIMIT, offset })}`, { signal, headers: { accept: "application/json" } });
    body = await response.json();
  } catch {
    if (!response) return { failure: { status: 0 } }; // otherwise the body is not ours: a proxy's own page, say
  }
  if (response.ok && Array.isArray(body?.hits)) return { answer: body };
  const retryAfter = Number(response.headers.get("retry-after")) || null;
  return { failure: { ...body?.error, status: response.ok ? 502 : response.status, retryAfter } };
}

// ---- drawing ----

function el(name, className, ...children) {
  const node = document.createElement(name);
  if (className) node.className = className;
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

// The index holds whatever the sources said, so a scheme that runs code must not become a link.
function safeHref(url) {
  if (typeof url !== "string" || !url) return null;
  try {
    const { protocol, href } = new URL(url, document.baseURI);
    return protocol === "https:" || protocol === "http:" ? href : null;
  } catch {
    return null;
  }
}

function link(className, url, text) {
  const href = safeHref(url);
  const node = el(href ? "a" : "span", className, text || url || "Untitled");
  if (href) node.href = href;
  return node;
}

// Ranges count UTF-16 code units, as `slice` does. A range that is out of order or out of bounds is cut or dropped.
function snippet(className, source) {
  const { text, highlights } = source ?? {};
  if (typeof text !== "string" || !text) return null;
  const node = el("p", className);
  node.dir = "auto";
  let from = 0;
  const ranges = (highlights ?? []).filter((range) => Array.isArray(range) && range.every(Number.isInteger));
  for (const [first, end] of ranges.sort((a, b) => a[0] - b[0])) {
    const start = Math.max(first, from);
    if (end <= start || start >= text.length) continue;
    node.append(text.slice(from, start), el("mark", "", text.slice(start, end)));
    from = end;
  }
  node.append(text.slice(from));
  return node;
}

const number = (value, options) => (Number.isFinite(value) ? new Intl.NumberFormat("en", options).format(value) : null);

function explanation({ explain, score }) {
  if (!explain || typeof explain !== "object") return null;
  const legs = Object.keys(LEGS).filter((key) => key in explain).map((key) => explainedLeg(LEGS[key], explain[key]));
  const fused = Number.isFinite(explain.fused) ? [el("div", "leg", el("dt", "", "Fused"), scored(explain.fused))] : [];
  const likely = el("dd", "score", `${number(score, { style: "percent" }) ?? "unknown"} likely an answer`);
  return el("dl", "explain", ...legs, ...fused, el("div", "leg", el("dt", "", "Overall"), likely));
}

const scored = (score) => el("dd", "score", `score ${number(score, { maximumSignificantDigits: 4 }) ?? "unknown"}`);

function explainedLeg(name, leg) {
  const row = el("div", "leg", el("dt", "", name));
  if (!leg) row.append(el("dd", "absent", "took no part"));
  if (Number.isFinite(leg?.share)) {
    const meter = el("meter");
    meter.value = leg.share; // the element clamps it to 0..1
    meter.setAttribute("aria-label", `${name} share`);
    row.append(el("dd", "share", meter, number(leg.share, { style: "percent" })));
  }
  if (Number.isFinite(leg?.rank)) row.append(el("dd", "rank", `rank ${leg.rank}`));
  if (Number.isFinite(leg?.score)) row.append(scored(leg.score));
  return row;
}

function drawHit(hit) {
  const crumbs = (hit.breadcrumbs ?? []).flatMap((crumb) => [el("span", "turn"), el("bdi", "", String(crumb))]).slice(1);
  const sections = (hit.sections ?? []).map((section) =>
    el("li", "", link("section", section.url, section.heading), snippet("aside", section.snippet)));
  const children = el("ul", "sections", ...sections);
  children.setAttribute("role", "list");
  const node = el("li", "hit",
    crumbs.length ? el("p", "crumbs", ...crumbs) : null,
    el("h2", "", link("title", hit.url, hit.title)),
    snippet("snippet", hit.snippet),
    sections.length ? children : null,
    explanation(hit));
  node.dir = "auto"; // the title decides which side the hit starts on
  return node;
}

// Each state starts from nothing, so that no part of the one before it can stay behind.
function wipe() {
  const refocus = results.contains(document.activeElement); // what holds the focus is about to go
  shown = null;
  list.replaceChildren();
  for (const id of ["start", "nothing", "failure", "degraded", "corrected", "skeleton", "more"]) $(id).hidden = true;
  $("count").textContent = "";
  if (refocus) results.focus({ preventScroll: true });
}

function drawStart() {
  wipe();
  $("start").hidden = false;
  speak("");
}

// What is on screen stays, only paler; with no results on screen, their outline appears instead.
function drawWaiting() {
  document.body.classList.add("waiting");
  if (list.children.length) return;
  wipe();
  $("skeleton").hidden = false;
}

function drawAnswer(answer, request, offset) {
  if (offset === 0) wipe();
  shown ??= { request, ids: new Set() };
  $("failure").hidden = true;
  const { value, relation } = answer.total, open = relation === "gte";
  $("count").replaceChildren(counted(value, open), el("span", "took", took(answer.took_ms)));
  $("generation").textContent = answer.generation ? `Index generation ${answer.generation}` : "";
  drawHints(answer);
  if (offset === 0 && (answer.no_match || !answer.hits.length)) return drawNothing(request);

  // An update between two pages can move a hit to the next one: it is drawn once.
  const nodes = answer.hits.filter(({ id }) => !shown.ids.has(id)).map(drawHit);
  for (const { id } of answer.hits) shown.ids.add(id);
  list.append(...nodes);
  if (offset > 0) (nodes[0]?.querySelector("a.title") ?? results).focus();
  else scrollTo(0, 0);

  shown.next = offset + LIMIT;
  const rest = answer.hits.length === LIMIT && (open || shown.next < value);
  const reachable = shown.next + LIMIT <= REACH;
  more.hidden = !rest;
  further.hidden = !reachable;
  const count = number(list.children.length);
  more.querySelector("p").textContent = reachable
    ? `${count} of ${number(value)}${open ? "+" : ""} shown`
    : `These are the first ${count}. A more precise question will find the rest.`;
  speak(offset ? `${nodes.length} more results` : counted(value, open));
}

const counted = (value, open) => `${number(value)}${open ? "+" : ""} ${value === 1 && !open ? "result" : "results"}`;
const took = (ms) => (Number.isFinite(ms) ? ` · ${number(ms, { maximumFractionDigits: ms < 10 ? 1 : 0 })} ms` : "");

function drawHints({ degraded, corrected_query }) {
  $("degraded").hidden = typeof degraded !== "string";
  $("degraded").textContent = `This answer is incomplete: ${degraded}`;
  $("corrected").hidden = typeof corrected_query !== "string";
  adopt.textContent = corrected_query;
}

function drawNothing({ q, mode }) {
  $("nothing").querySelector("h2").textContent = `Nothing found for “${q}”`;
  widen.hidden = mode === "hybrid";
  $("nothing").hidden = false;
  speak(`No results for ${q}`);
}

function drawFailure({ status, code, message, retryAfter }, request, offset, attempt) {
  if (offset === 0) wipe();
  else more.hidden = true; // the failure takes its place, below what was found
  const wait = retryAfter ?? 2 ** (attempt + 1);
  const alone = (status === 429 || status === 503) && attempt < RETRIES && wait <= 30;
  retry = () => load(request, offset, attempt + 1);
  if (alone) retryTimer = setTimeout(retry, wait * 1000);

  const silent = navigator.onLine ? "unreachable" : "offline";
  const kind = status === 0 ? silent : status in FAILURES ? status : status >= 500 ? "server" : "request";
  const [title, fallback] = FAILURES[kind];
  const [heading, text, small] = $("failure").querySelectorAll("h2, p");
  heading.textContent = title;
  text.textContent = (message ? sentence(String(message)) : fallback) + (alone ? ` Trying again in ${wait} s.` : "");
  small.textContent = code ?? "";
  again.textContent = alone ? "Try now" : "Try again";
  again.hidden = kind === "request"; // it would only be refused again
  $("failure").hidden = false;
  speak(title);
}

const sentence = (text) => text[0].toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");

function speak(text) {
  clearTimeout(speechTimer);
  $("live").textContent = ""; // so that the same count is announced again
  speechTimer = setTimeout(() => ($("live").textContent = text), PAUSE_MS);
}

// ---- what the user does ----

const touch = () => matchMedia("(hover: none)").matches;

function adoptQuery(text, mode = form.elements.mode.value) {
  field.value = text;
  form.elements.mode.value = mode;
  if (!touch()) field.focus(); // on a touch screen this would raise the keyboard over the results
  search({ push: true });
}

function clear() {
  field.value = "";
  field.focus();
  search();
}

// Down and up go from the field through the results to "Load more", and back.
function move(event, step) {
  const within = event.target.closest("#field, .hit, #more");
  if (!within || event.shiftKey) return;
  const stops = [field, ...list.querySelectorAll("a.title"), ...(more.hidden || further.hidden ? [] : [further])];
  const anchor = within.querySelector("a.title") ?? event.target;
  const inSection = step < 0 && anchor !== event.target; // up from a section leads to its own page first
  const next = stops[stops.indexOf(anchor) + (inSection ? 0 : step)];
  event.preventDefault();
  next?.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/" && event.target !== field) {
    event.preventDefault();
    field.focus();
    field.select();
  } else if (event.key === "Escape" && field.value) {
    event.preventDefault();
    clear();
  } else if (event.key === "ArrowDown") move(event, 1);
  else if (event.key === "ArrowUp") move(event, -1);
});

function typed(event) {
  if (event.isComposing) return; // half a character is not a query; compositionend follows
  stop(); // what is under way answers an older question
  typingTimer = setTimeout(search, field.value.trim() ? DEBOUNCE_MS : 0, { typing: true });
}
field.addEventListener("input", typed);
field.addEventListener("compositionend", typed);

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (touch()) field.blur(); // uncovers the results from under the on-screen keyboard
  search({ push: true });
});
for (const control of [...form.elements.mode, form.elements.explain]) control.addEventListener("change", () => search());
$("clear").addEventListener("click", clear);
adopt.addEventListener("click", () => adoptQuery(adopt.textContent));
widen.addEventListener("click", () => adoptQuery(field.value, "hybrid"));
again.addEventListener("click", () => retry?.());
$("start").addEventListener("click", ({ target }) => target.matches("button") && adoptQuery(target.textContent));
further.addEventListener("click", () => !call && shown && load(shown.request, shown.next));
addEventListener("online", () => retry?.());
addEventListener("popstate", restore);

restore();
if (!field.value) field.focus({ preventScroll: true });
