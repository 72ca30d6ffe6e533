// Runs the searches. Draws only the answer to the last request.
const SEMANTIC_PAUSE = 350; // ms
const LONGEST_WAIT = 30; // seconds
// After this many ms the reader meant the search, and did not just pause while typing.
const READING = 1000;

class Search {
  query = "";
  filters = []; // "key:value" of the chips
  #number = 0;
  #delay = 80; // ms from a key to its request; adapts to the answer times
  #drawn = ""; // the query of the chips
  #next = 0; // offset
  #call;
  #timer;
  #counted = ""; // the query that the server has counted
  #counting; // timer

  constructor(host) {
    this.host = host;
  }

  typed() {
    const text = this.host.view.input.value;
    this.begin(text.trim(), { prefix: !/\s$/.test(text), typed: true });
  }

  begin(query, { prefix = false, typed = false } = {}) {
    this.stop();
    this.query = query;
    if (!query) this.#counted = "";
    this.prefix = prefix;
    this.host.emit("cloze-query", { query, filters: this.filters, typed });
    if (!query) return this.host.drawStart();
    const wait = typed && !this.host.api.has("search", this.fields(0)) ? this.#delay : 0;
    this.pending = true;
    this.#timer = setTimeout(() => this.load(0), wait);
  }

  again() {
    if (this.query) this.begin(this.query);
  }

  stop() {
    this.#number++;
    this.#call?.abort();
    clearTimeout(this.#timer);
    clearTimeout(this.#counting);
    this.pending = false;
    this.opening = null; // an Enter before the answer
    this.retry = null;
    this.host.view.waiting(false);
  }

  fields(offset, count = false) {
    const { host } = this, mode = host.getAttribute("mode"), facets = host.getAttribute("facets");
    const fields = [["q", this.query], ["limit", this.limit], ["count", count], ...[...host.fixedFilters, ...this.filters].map((filter) => ["filter", filter])];
    if (offset) fields.push(["offset", offset]);
    if (mode) fields.push(["mode", mode]);
    if (facets) fields.push(["facets", facets.replace(/\s+/g, "")]);
    if (this.prefix) fields.push(["prefix", "true"]);
    if (host.hasAttribute("explain")) fields.push(["explain", "true"]);
    return fields;
  }

  get limit() {
    return Number(this.host.getAttribute("limit")) || 10;
  }

  async load(offset, repeated) {
    const { host } = this, { opening } = this;
    this.stop();
    Object.assign(this, { pending: true, opening });
    const number = this.#number, begun = performance.now(), call = (this.#call = new AbortController());
    host.view.waiting(true);
    try {
      const answer = await host.api.get("search", this.fields(offset), call.signal);
      if (number !== this.#number) return;
      this.#delay = Math.min(Math.max(this.#delay * 0.7 + (performance.now() - begun) * 0.3, 40), 300);
      this.answered(answer, offset, number, call.signal);
    } catch (error) {
      if (number === this.#number) this.failed(error instanceof Failure ? error : new Failure(), offset, repeated);
    }
  }

  answered(answer, offset, number, signal) {
    const { host, query, opening } = this, { view, baseUrl } = host;
    view.waiting(false);
    this.pending = this.opening = null;
    this.#next = offset + this.limit;
    view.drawChips(answer.facets ?? {}, this.filters, this.#drawn !== query);
    this.#drawn = query;
    view.drawAnswer(answer, offset, baseUrl);
    const { value, relation } = answer.total;
    view.more.hidden = answer.hits.length < this.limit || (relation === "eq" && this.#next >= value);
    host.emit("cloze-results", { query, answer });
    this.#counting = setTimeout(() => this.count(), READING);
    if (!view.list.firstChild) this.suggest(number, signal);
    else if (opening) host.enter(opening);
    else if (!offset) this.#timer = setTimeout(() => this.refine(number, signal), SEMANTIC_PAUSE);
  }

  failed(failure, offset, repeated) {
    const { view } = this.host;
    if (failure.busy && !repeated && failure.wait <= LONGEST_WAIT) {
      this.#timer = setTimeout(() => this.load(offset, true), failure.wait * 1000);
      return;
    }
    this.stop();
    if (!failure.refused) this.retry = () => this.load(offset);
    view.drawFailure(failure, this.retry, offset);
  }

  // Requests the snippets again, chosen by meaning. Nobody waits for them.
  async refine(number, signal) {
    if (this.host.api.folder) return; // plain files mark words only
    const fields = [...this.fields(0), ["highlight", "semantic"]];
    const answer = await this.host.api.get("search", fields, signal).catch(() => null);
    if (answer && number === this.#number) this.host.view.exchangeSnippets(answer.hits);
  }

  // Counts each query once for the analytics of the server, regardless of filters and highlights.
  count() {
    const { host, query } = this;
    if (!query || query === this.#counted) return;
    this.#counted = query;
    this.opened = false;
    host.api.count([...this.fields(0, true), ["highlight", "none"]]);
  }

  async suggest(number, signal) {
    const { view, api, baseUrl } = this.host, { query } = this;
    view.drawNothing(query);
    const answer = await api.get("suggest", [["q", query], ["limit", 5]], signal).catch(() => null); // older servers have no suggestions
    if (answer?.suggestions?.length && number === this.#number) view.drawNearest(answer.suggestions, baseUrl);
  }

  next() {
    if (!this.pending) this.load(this.#next);
  }

  toggle(filter) {
    const { filters } = this;
    this.filters = filters.includes(filter) ? filters.filter((other) => other !== filter) : [...filters, filter];
    this.again();
  }
}
