// Builds and updates the shadow tree. Times are in milliseconds.
// The screen reader echoes the typing first.
const SPEECH_PAUSE = 700;
// Faster answers show no sign of loading.
const PATIENCE = 180;
const LOADING_SPOKEN = 600;
const CHIPS_SHOWN = 8; // per key

class View {
  #chips = new Map(); // by "key:value"
  #timers = {};

  constructor(host) {
    this.host = host;
    this.build();
    this.listen();
    const root = host.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [STYLE];
    root.append(this.root);
  }

  build() {
    const { host } = this;
    this.hotkey = h("kbd", "key", { "aria-hidden": "true" });
    this.caption = h("span", "caption");
    this.button = h("button", "button", { onclick: () => host.open(), "aria-haspopup": "dialog" }, icon("search"), this.caption, this.hotkey);
    this.input = h("input", "input", {
      role: "combobox", "aria-autocomplete": "list", "aria-controls": "results", "aria-expanded": "false", dir: "auto", maxlength: "2500",
      autocomplete: "off", autocapitalize: "off", autocorrect: "off", spellcheck: "false", enterkeyhint: "go", inputmode: "search",
    });
    this.clear = h("button", "clear", { onclick: () => host.clear() }, icon("cross"));
    this.closer = h("button", "close", { onclick: () => host.close() }, h("span", "word"), " ", h("kbd", "key", null, "Esc"));
    this.chips = h("div", "chips", { role: "group" });
    this.corrected = h("p", "corrected");
    this.notice = h("p", "notice");
    this.start = h("p", "start");
    this.heading = h("div", "heading");
    this.list = h("div", "results", { role: "listbox", id: "results" });
    this.removers = h("div", "removers");
    this.message = h("div", "message");
    this.more = h("button", "more", { onclick: () => host.search.next() });
    this.count = h("span", "count", { dir: "auto" });
    this.legend = h("span", "legend", { "aria-hidden": "true" });
    this.live = h("p", "live", { role: "status" });
    this.body = h("div", "body", null, this.corrected, this.notice, this.start, this.message, this.heading,
      h("div", "rows", null, this.list, this.removers), this.more);
    this.panel = h("div", "panel", { role: "search" },
      h("div", "header", null, icon("search"), this.input, this.clear, this.closer), h("div", "tools", null, h("slot")),
      this.chips, this.body, h("div", "footer", null, this.legend, this.count), this.live);
    this.dialog = h("dialog", "dialog", { onclose: () => host.closed() });
    this.root = h("div", "cloze", null, this.button, this.dialog);
    this.reset();
  }

  listen() {
    const { host, input, panel, list, dialog } = this;
    for (const type of ["input", "compositionend"]) input.addEventListener(type, (event) => event.isComposing || host.search.typed());
    // Whoever comes near may search.
    this.button.onpointerenter = input.onfocus = () => host.api.open();
    input.onkeydown = (event) => fieldKey(event, host);
    panel.onkeydown = (event) => {
      if (event.key !== "Escape" || composing(event) || !input.value) return;
      event.preventDefault();
      host.clear();
    };
    list.onclick = list.onauxclick = (event) => this.clicked(event);
    // A resting mouse must not activate a result that appears under it.
    list.onmousemove = ({ target }) => this.activate(target.closest(".option"));
    // A press that starts inside selects text.
    let pressed;
    dialog.onmousedown = ({ target }) => {
      pressed = target;
    };
    dialog.onclick = ({ target }) => {
      if (target === dialog && pressed === dialog) host.close();
    };
  }

  clicked(event) {
    const option = event.target.closest(".option");
    if (!option || event.button > 1) return;
    if (!this.host.choose(option, event)) event.preventDefault();
    // Focus the field, so that the arrow keys work. On touch this would only open the keyboard.
    if (event.pointerType !== "touch") this.input.focus({ preventScroll: true });
  }

  label() {
    const { host } = this, t = (this.t = translator(host, host.labels));
    const name = host.getAttribute("placeholder") ?? t("placeholder"), inline = host.hasAttribute("inline");
    const key = (cap) => h("kbd", "key", null, cap);
    this.caption.textContent = t("search");
    this.hotkey.textContent = shownHotkey(host);
    this.hotkey.hidden = !this.hotkey.textContent;
    this.input.placeholder = name;
    this.closer.firstChild.textContent = t("close");
    this.start.textContent = t("hint");
    this.input.ariaLabel = name;
    for (const [part, label] of [["clear", "clear"], ["list", "results"], ["chips", "filters"], ["dialog", "search"]]) this[part].ariaLabel = t(label);
    this.legend.replaceChildren(h("span", "", null, key("↑"), key("↓"), t("move")), h("span", "", null, key("↵"), t("open")));
    this.root.classList.toggle("inline", inline);
    const place = inline ? this.root : this.dialog;
    if (this.panel.parentNode !== place) place.append(this.panel);
    this.button.hidden = inline;
  }

  reset() {
    this.list.replaceChildren();
    this.body.scrollTop = 0;
    this.tidy();
    this.expand();
  }

  tidy() {
    for (const node of [this.corrected, this.notice, this.heading, this.removers, this.message]) node.replaceChildren();
    for (const node of [this.start, this.more]) node.hidden = true;
    this.count.textContent = "";
  }

  expand() {
    this.activate(this.active);
    this.list.hidden = !this.list.firstChild;
    this.input.ariaExpanded = !this.list.hidden;
  }

  drawStart(queries) {
    const { t, host } = this;
    this.reset();
    this.start.hidden = queries.length > 0;
    this.chips.hidden = true;
    if (queries.length) {
      this.heading.append(t("recent"), h("button", "forget", { onclick: () => host.forget() }, t("forget")));
      this.list.append(...queries.map((text) => proposal("recent", text)));
      this.removers.append(...queries.map((q) => h("button", "remove", { "aria-label": t("remove", { q }), onclick: () => host.forget(q) }, icon("cross"))));
    }
    this.expand();
    this.say("");
  }

  // `fresh`: the answer to another query than before.
  drawAnswer(answer, offset, base, fresh) {
    const { t, list } = this, { value, relation } = answer.total, values = { n: value, open: relation === "gte" };
    const before = offset ? [...list.children] : [], known = new Set(before.map(({ hit }) => hit.id));
    // A new index between two requests can move a page to the next one.
    const pages = answer.hits.filter(({ id }) => !known.has(id)).map((hit, at) => page(hit, known.size + at + 1, base));
    if (!offset) this.tidy();
    if (fresh) this.body.scrollTop = 0;
    if (offset) list.append(...pages);
    else settle(list, pages);
    this.more.textContent = t("more");
    this.expand();
    this.notice.textContent = answer.degraded ? t("degraded") : "";
    if (answer.corrected_query) {
      const adopt = h("button", "adopt", { dir: "auto", onclick: () => this.host.ask(answer.corrected_query) }, answer.corrected_query);
      this.corrected.replaceChildren(t("corrected"), " ", adopt);
    }
    this.count.textContent = pages.length || offset ? t("count", values) : "";
    if (offset) this.activate(pages[0]?.firstChild);
    if (this.list.firstChild) this.say(this.count.textContent);
  }

  drawNothing(q) {
    const title = this.t("none", { q });
    this.tell(title, this.t("hint"));
    this.say(title);
  }

  drawNearest(suggestions, base) {
    this.heading.replaceChildren(this.t("corrected"));
    this.list.replaceChildren(...suggestions.map(({ text, url }) => proposal("suggestion", text, url && safeUrl(url, base))));
    this.expand();
  }

  drawFailure({ label, refused, message }, retry, offset) {
    const { t, more } = this;
    if (offset) more.textContent = `${t(label)} · ${t("retry")}`;
    else {
      this.reset();
      this.tell(t(label), refused ? message : "", refused ? "" : h("button", "retry", { onclick: retry }, t("retry")));
    }
    this.say(t(label));
  }

  tell(title, detail, action = "") {
    this.message.replaceChildren(icon(action ? "alert" : "search"), h("p", "message-title", null, title), h("p", "hint", null, detail), action);
  }

  // If only filters change, chips keep their places.
  drawChips(facets, filters, fresh) {
    const chips = this.#chips, counts = new Map();
    if (fresh) {
      chips.clear();
      this.chips.replaceChildren();
    }
    for (const [key, values] of Object.entries(facets)) {
      const counted = Object.entries(values).sort((a, b) => b[1] - a[1]).slice(0, CHIPS_SHOWN);
      // A single value distinguishes no pages.
      for (const [value, count] of counted) if (counted[1] || chips.size) counts.set(`${key}:${value}`, count);
    }
    for (const name of [...counts.keys(), ...filters]) if (!chips.has(name)) this.addChip(name);
    for (const [name, chip] of chips) {
      chip.lastChild.textContent = counts.get(name) ?? "";
      chip.ariaPressed = filters.includes(name);
    }
    this.chips.hidden = !chips.size;
  }

  addChip(name) {
    const [key, value] = name.split(/:(.*)/s);
    let facet = [...this.chips.children].find((one) => one.ariaLabel === key);
    if (!facet) this.chips.append((facet = h("div", "facet", { role: "group", "aria-label": key }, h("span", "facet-name", { "aria-hidden": true }, key))));
    const chip = h("button", "chip", { onclick: () => this.host.search.toggle(name) }, h("bdi", "", null, value), " ", h("span", "chip-count"));
    facet.append(chip);
    this.#chips.set(name, chip);
  }

  // Each snippet keeps its number of lines, so that nothing below moves. The active one stays, because a screen reader
  // may be reading it.
  exchangeSnippets(hits) {
    for (const { hit, firstChild } of this.list.children) {
      const better = hit && hits.find(({ id, url }) => id === hit.id && url === hit.url)?.snippet;
      const node = firstChild.querySelector(".snippet");
      if (!better?.text || !node || firstChild === this.active) continue;
      node.style.setProperty("--lines", Math.round(node.offsetHeight / parseFloat(getComputedStyle(node).lineHeight)));
      fillSnippet(node, better);
    }
  }

  get options() {
    return [...this.list.querySelectorAll(".option:not([aria-disabled])")];
  }

  get active() {
    return this.list.querySelector("[aria-selected=true]");
  }

  activate(option) {
    if (option?.hasAttribute("aria-disabled")) return;
    if (this.active) this.active.ariaSelected = false;
    if (option) option.ariaSelected = true;
    if (option) this.input.setAttribute("aria-activedescendant", option.id);
    else this.input.removeAttribute("aria-activedescendant");
  }

  move(step) {
    const { options, active } = this;
    const at = active ? options.indexOf(active) + step : Math.min(step, 0) + (step > 0 ? 0 : options.length);
    this.moveTo(at % options.length);
  }

  moveTo(at) {
    const option = this.options.at(at);
    this.activate(option);
    option?.scrollIntoView({ block: "nearest" });
  }

  waiting(on) {
    clearTimeout(this.#timers.patience);
    clearTimeout(this.#timers.loading);
    if (!on) return this.root.classList.remove("waiting");
    this.#timers.patience = setTimeout(() => this.root.classList.add("waiting"), PATIENCE);
    this.#timers.loading = setTimeout(() => this.say(this.t("loading"), 0), LOADING_SPOKEN);
  }

  say(text, pause = SPEECH_PAUSE) {
    clearTimeout(this.#timers.speech);
    // Empty first, so that the same text is spoken again
    this.live.textContent = "";
    this.#timers.speech = setTimeout(() => (this.live.textContent = text), pause);
  }
}
