// The search page around the widget: mode, explanations, examples, and an address that contains the search.

const widget = document.querySelector("cloze-search");
const start = document.getElementById("start"), explain = document.getElementById("explain");
const modes = [...document.querySelectorAll("[name=mode]")];
const LEGS = { semantic: "Semantic", lexical: "Keyword" };
// Parts that the legs do not always have.
const LOOKS = { tokens: "Tokens", coverage: "Coverage", neighbours: "Neighbours" };

// ---- the address ----

function restore() {
  // The state comes from the address, so it needs no new entry in the history.
  restoring = true;
  const params = new URLSearchParams(location.search);
  const mode = modes.find(({ value }) => value === params.get("mode")) ?? modes[0];
  mode.checked = true;
  widget.setAttribute("mode", mode.value);
  explain.checked = params.get("explain") === "true";
  widget.toggleAttribute("explain", explain.checked);
  widget.ask(params.get("q") ?? "", params.getAll("filter"));
  restoring = false;
}

let restoring = false;
// A timer, because browsers refuse to change the address with every key.
let written;

function address() {
  const mode = modes.find(({ checked }) => checked).value;
  const params = new URLSearchParams();
  if (widget.query) params.append("q", widget.query);
  if (mode !== "hybrid") params.append("mode", mode);
  if (explain.checked) params.append("explain", "true");
  for (const filter of widget.filters) params.append("filter", filter);
  const query = params.toString();
  return location.pathname + (query && `?${query}`);
}

// Typing changes the current history entry. A choice adds an entry, so that Back undoes it.
function write(typed) {
  const next = address();
  clearTimeout(written);
  if (next === location.pathname + location.search) return;
  if (typed) written = setTimeout(() => history.replaceState(null, "", next), 250);
  else history.pushState(null, "", next);
}

widget.addEventListener("cloze-query", ({ detail: { query, typed } }) => {
  start.hidden = Boolean(query);
  document.title = query ? `${query} - Cloze` : "Cloze search";
  if (!restoring) write(typed);
});
// The address must be right before the page opens a result.
widget.addEventListener("cloze-select", () => history.replaceState(null, "", address()));
addEventListener("popstate", restore);

// ---- explanations ----

function el(part, ...children) {
  const node = document.createElement("span");
  node.part = part;
  node.append(...children);
  return node;
}

const number = (value, options) => (Number.isFinite(value) ? new Intl.NumberFormat("en", options).format(value) : "unknown");
const percent = (value) => number(value, { style: "percent" });

function bar(share) {
  const [svg, track, value] = ["svg", "rect", "rect"].map((name) => document.createElementNS("http://www.w3.org/2000/svg", name));
  for (const [rect, part, width] of [[track, "track", 1], [value, "value", Math.min(Math.max(share, 0), 1)]]) {
    rect.setAttribute("part", part);
    rect.setAttribute("width", `${Math.round(width * 1e4) / 100}%`);
    rect.setAttribute("height", "100%");
    rect.setAttribute("rx", "3");
  }
  svg.setAttribute("part", "bar");
  svg.setAttribute("aria-hidden", "true");
  svg.append(track, value);
  return svg;
}

function leg(name, { rank, score, share } = {}) {
  const took = Number.isFinite(score);
  return el("leg", el("leg-name", name), took ? bar(share) : el("bar"), el("share", took ? percent(share) : "took no part"),
    el("rank", Number.isFinite(rank) ? `rank ${rank}` : ""), el("score", took ? `score ${number(score, { maximumSignificantDigits: 4 })}` : ""));
}

// Returns an explanation to show below the option of the page. It is part of the option's description.
function explanation({ explain, score }, option) {
  const node = el("explain", ...Object.entries(LEGS).filter(([key]) => key in explain).map(([key, name]) => leg(name, explain[key] ?? undefined)),
    ...Object.entries(LOOKS).filter(([key]) => explain[key]).map(([key, name]) => leg(name, explain[key])),
    el("leg", el("leg-name", "Overall"), el("likely", `${percent(score)} likely an answer`), el("score", `fused ${number(explain.fused, { maximumSignificantDigits: 4 })}`)));
  node.id = `${option.id}-explain`;
  option.setAttribute("aria-describedby", node.id);
  return node;
}

widget.addEventListener("cloze-results", () => {
  for (const page of widget.shadowRoot.querySelectorAll("[part=page]")) {
    const option = page.firstChild;
    if (page.hit.explain && option.nextSibling?.part?.value !== "explain") option.after(explanation(page.hit, option));
  }
});

// ---- choices of the user ----

for (const mode of modes) mode.addEventListener("change", () => set(() => widget.setAttribute("mode", mode.value)));
explain.addEventListener("change", () => set(() => widget.toggleAttribute("explain", explain.checked)));

// Without a query the widget sends no request, but the address still changes.
function set(change) {
  change();
  write(false);
}
start.addEventListener("click", ({ target }) => target.matches("button") && widget.open(target.textContent));

async function generation() {
  const { generation, pages } = await (await fetch("ready")).json();
  document.getElementById("generation").textContent = `${number(pages)} pages · index generation ${generation}`;
}

restore();
if (!widget.query) widget.open();
generation().catch(() => {}); // only informs
