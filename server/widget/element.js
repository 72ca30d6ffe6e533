// Defines <cloze-search>. The server joins these parts into one function: CSS (widget.css as a raw template), labels, api,
// recent, dom, list, keys, view, search, element.

const SCRIPT_FOLDER = document.currentScript ? new URL(".", document.currentScript.src).href : "/";
const STYLE = new CSSStyleSheet();
STYLE.replaceSync(CSS);

class ClozeSearch extends HTMLElement {
  static observedAttributes = ["endpoint", "explain", "facets", "filter", "hotkeys", "inline", "lang", "mode", "placeholder", "static"];
  #labels = {};

  connectedCallback() {
    if (!this.view) {
      this.api = new Api(this);
      this.search = new Search(this);
      if (Object.hasOwn(this, "labels")) {
        const { labels } = this; // set before this script ran
        delete this.labels;
        this.labels = labels;
      }
      this.view = new View(this);
    }
    // If the page names no scheme, the system decides.
    this.view.root.classList.toggle("system", getComputedStyle(this).colorScheme === "normal");
    this.view.label();
    if (!this.search.query) this.drawStart();
    for (const [target, type] of [[document, "keydown"], [window, "online"]]) target.addEventListener(type, this);
  }

  disconnectedCallback() {
    this.search.stop();
    for (const [target, type] of [[document, "keydown"], [window, "online"]]) target.removeEventListener(type, this);
  }

  attributeChangedCallback(name, before, after) {
    if (!this.view || before === after) return;
    this.view.label();
    if (!["hotkeys", "inline", "lang", "placeholder"].includes(name)) this.search.again();
  }

  handleEvent(event) {
    if (event.type === "online") return this.search.retry?.();
    if (!isHotkey(event, this)) return;
    event.preventDefault();
    if (this.view.dialog.open) this.close();
    else this.open();
  }

  get labels() {
    return this.#labels;
  }

  set labels(labels) {
    this.#labels = labels;
    this.view?.label();
  }

  get query() {
    return this.search.query;
  }

  get filters() {
    return this.search.filters;
  }

  get baseUrl() {
    return this.getAttribute("base-url");
  }

  // For example: version:3 topic:"two words"
  get fixedFilters() {
    const pairs = (this.getAttribute("filter") ?? "").matchAll(/([^\s:"]+):(?:"([^"]*)"|(\S+))/g);
    return [...pairs].map(([, key, quoted, bare]) => `${key}:${quoted ?? bare}`);
  }

  open(query) {
    const { dialog, input } = this.view;
    if (!this.hasAttribute("inline") && !dialog.open) {
      dialog.showModal();
      this.emit("cloze-open");
    }
    if (query != null) this.ask(query);
    else if (!this.query) this.drawStart();
    input.focus();
    input.select();
  }

  close() {
    this.view.dialog.close();
  }

  closed() {
    this.search.opening = null;
    this.emit("cloze-close");
  }

  // `filters` are the chips to select.
  ask(query, filters = this.filters) {
    const text = String(query);
    this.view.input.value = text;
    this.search.filters = filters;
    this.search.begin(text.trim());
  }

  clear() {
    this.ask("");
    this.view.input.focus();
  }

  forget(query) {
    if (query) recent.remove(query);
    else recent.save([]);
    this.drawStart();
    this.view.input.focus();
  }

  drawStart() {
    this.view.drawStart(this.hasAttribute("no-recent") ? [] : recent.all());
  }

  enter(event) {
    const { search, view } = this;
    if (search.pending && !view.active) return search.enter(event);
    const option = view.active ?? view.options.find(({ choice }) => choice.position);
    if (!option) return;
    if (!event.ctrlKey && !event.metaKey) option.click();
    else if (this.choose(option, event) && option.href) window.open(option.href, "_blank", "noopener");
  }

  // Returns whether the browser may follow the link.
  choose({ choice }, event) {
    const { url, title, position } = choice, { query, search } = this;
    if (choice.query) {
      this.ask(choice.query);
      return false;
    }
    if (!url) return false;
    const newTab = event.ctrlKey || event.metaKey || event.shiftKey || event.button === 1;
    const follow = this.emit("cloze-select", { url, title, query, position, newTab });
    if (!this.hasAttribute("no-recent")) recent.add(query);
    if (position) search.count();
    if (position && !search.opened && this.hasAttribute("report-clicks")) this.api.report({ query, url, position });
    search.opened = true;
    if (!newTab) this.close();
    return follow;
  }

  emit(type, detail) {
    return this.dispatchEvent(new CustomEvent(type, { bubbles: true, composed: true, cancelable: type === "cloze-select", detail }));
  }
}

if (!customElements.get("cloze-search")) customElements.define("cloze-search", ClozeSearch);
