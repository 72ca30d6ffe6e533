// Runs the searches. Each key asks for what the server finds with its lookup table. A pause or Enter asks for what it finds
// with its encoder. An answer is never drawn over the answer to a later request.
// Times in ms, the wait in seconds.
const PAUSE = 350;
const LONGEST_WAIT = 30;
// After this time the reader meant the search, and did not just pause while typing.
const READING = 1000;

class Search {
  query = "";
  // "key:value" of the chips
  filters = [];
  #number = 0;
  // The query of the list, and whether it is the text in the field
  #drawn = "";
  #shown = false;
  // The offset of the pages after those of the list
  #next = 0;
  #call;
  // The call of the typed request, which is aborted if none is under way, and its query
  #ahead;
  #asked;
  #timer;
  // The query that the server has counted, and the timer of the next
  #counted = "";
  #counting;

  constructor(host) {
    this.host = host;
  }

  // Typing ends a choice in the list, so that Enter does not open what answered an earlier text.
  typed() {
    const { view } = this.host, text = view.input.value;
    view.activate(null);
    this.begin(text.trim(), { prefix: !/\s$/.test(text), typed: true });
  }

  begin(query, { prefix = false, typed = false } = {}) {
    this.stop(typed && query);
    this.#shown &&= typed && query === this.query;
    Object.assign(this, { query, prefix });
    if (!query) this.#counted = "";
    this.host.emit("cloze-query", { query, filters: this.filters, typed });
    if (!query) return this.host.drawStart();
    this.pending = "pause";
    const ahead = typed && !this.host.api.has("search", this.fields(0));
    this.#timer = setTimeout(() => this.load(0), ahead ? PAUSE : 0);
    if (ahead && !this.#shown) this.typeAhead();
  }

  // At most one typed request is under way: the newest text waits for its answer, or after a failure for the pause. If nothing
  // is found, the rows of the text before stay until the pause.
  async typeAhead() {
    const { view, api } = this.host;
    view.waiting(true);
    if (this.#ahead?.signal.aborted === false) return;
    const call = (this.#ahead = new AbortController());
    do {
      const query = (this.#asked = this.query), answer = await api.get("search", this.fields(0, { ahead: true }), call.signal, this.early(query)).catch(() => {});
      if (call.signal.aborted) return;
      if (!answer) return (this.#asked = null);
      if (answer.hits.length) this.draw(answer, 0, query);
      this.#shown = this.#drawn === this.query;
      if (this.#shown) view.waiting(false);
    } while (this.#asked !== this.query);
    call.abort();
  }

  // Draws the first hits of an answer to come. A list that is there stays until the whole answer, so that it does not shrink.
  early(query) {
    return (answer) => {
      if (this.pending && query === this.query && !this.host.view.list.firstChild?.hit) this.draw(answer, 0, query);
    };
  }

  again() {
    if (this.query) this.begin(this.query, { prefix: this.prefix });
  }

  // Enter before the answer: it opens the first result of that.
  enter(event) {
    this.opening = event;
    if (this.pending === "pause") this.load(0);
  }

  stop(keepAhead) {
    this.#number++;
    this.#call?.abort();
    if (!keepAhead) this.#ahead?.abort();
    clearTimeout(this.#timer);
    clearTimeout(this.#counting);
    this.pending = false;
    this.opening = null;
    this.retry = null;
    this.host.view.waiting(false);
  }

  fields(offset, { ahead = false, count = false } = {}) {
    const { host } = this, mode = host.getAttribute("mode"), facets = host.getAttribute("facets");
    const fields = [["q", this.query], ["limit", this.limit], ["count", count], ...[...host.fixedFilters, ...this.filters].map((filter) => ["filter", filter])];
    if (offset) fields.push(["offset", offset]);
    if (mode) fields.push(["mode", mode]);
    if (host.hasAttribute("min-score")) fields.push(["min_score", host.getAttribute("min-score")]);
    if (facets) fields.push(["facets", facets.replace(/\s+/g, "")]);
    // The last word is unfinished until a space follows. Then the server would use its lookup table, unless told otherwise.
    if (ahead || this.prefix) fields.push(["prefix", "true"]);
    if (!ahead && this.prefix) fields.push(["encoder", "model"]);
    if (host.hasAttribute("explain")) fields.push(["explain", "true"]);
    return fields;
  }

  get limit() {
    return Number(this.host.getAttribute("limit")) || 10;
  }

  async load(offset, repeated) {
    const { host } = this, { opening } = this;
    this.stop(this.#asked === this.query);
    Object.assign(this, { pending: true, opening });
    const number = this.#number, call = (this.#call = new AbortController());
    host.view.waiting(true);
    try {
      const answer = await host.api.get("search", this.fields(offset), call.signal, this.early(this.query));
      if (number === this.#number) this.answered(answer, offset, number, call.signal);
    } catch (error) {
      if (number === this.#number) this.failed(error instanceof Failure ? error : new Failure(), offset, repeated);
    }
  }

  draw(answer, offset, query) {
    const { host } = this, { view, baseUrl } = host, { value, relation } = answer.total, fresh = this.#drawn !== query;
    this.#drawn = query;
    this.#next = offset + this.limit;
    view.drawChips(answer.facets ?? {}, this.filters, fresh);
    view.drawAnswer(answer, offset, baseUrl, fresh);
    view.more.hidden = answer.hits.length < this.limit || (relation === "eq" && this.#next >= value);
    host.emit("cloze-results", { query, answer });
  }

  answered(answer, offset, number, signal) {
    const { host, query, opening } = this, { view } = host, shown = this.#shown;
    this.#ahead?.abort();
    view.waiting(false);
    this.pending = this.opening = null;
    // Without the encoder, the rows of the lookup table are better.
    if (offset || !shown || !answer.degraded) this.draw(answer, offset, query);
    this.#shown = true;
    this.#counting = setTimeout(() => this.count(), READING);
    if (!view.list.firstChild) this.suggest(number, signal);
    else if (opening) host.enter(opening);
    else if (!offset) this.#timer = setTimeout(() => this.refine(number, signal), shown ? 0 : PAUSE);
  }

  failed(failure, offset, repeated) {
    const { host, opening } = this, { view } = host;
    if (this.#shown && !offset) {
      this.stop();
      return opening && host.enter(opening);
    }
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
    host.api.count([...this.fields(0, { count: true }), ["highlight", "none"]]);
  }

  async suggest(number, signal) {
    const { view, api, baseUrl } = this.host, { query } = this;
    view.drawNothing(query);
    // Older servers have no suggestions.
    const answer = await api.get("suggest", [["q", query], ["limit", 5]], signal).catch(() => null);
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
