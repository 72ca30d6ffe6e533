// Sends requests. Keeps answers until the index changes.
const ANSWERS_KEPT = 100;
const DEFAULT_WAIT = 2; // seconds, if CORS hides Retry-After

class Failure extends Error {
  constructor(response, error) {
    const status = response?.status;
    super(error?.message);
    this.busy = status === 503 || status === 429;
    this.wait = Number(response?.headers?.get("retry-after")) || DEFAULT_WAIT;
    this.refused = status >= 400 && status < 500 && !this.busy;
    this.label = this.busy ? "busy" : navigator.onLine ? "failed" : "offline";
  }
}

class Api {
  #answers = new Map(); // by address, oldest first
  #generation;
  #opened; // { folder, index } of plain files

  constructor(host) {
    this.host = host;
  }

  // The folder of an index of plain files, which needs no server.
  get folder() {
    const folder = this.host.getAttribute("static");
    return folder === null ? null : new URL((folder || SCRIPT_FOLDER).replace(/\/*$/, "/"), document.baseURI).href;
  }

  url(path, fields = []) {
    const endpoint = this.folder ?? this.host.getAttribute("endpoint") ?? SCRIPT_FOLDER;
    const query = new URLSearchParams(fields).toString();
    return new URL(endpoint.replace(/\/*$/, "/") + path + (query && `?${query}`), document.baseURI).href;
  }

  has(path, fields) {
    return this.#answers.has(this.url(path, fields));
  }

  // `first` may take an answer before, with the first hits.
  async get(path, fields, signal, first) {
    const url = this.url(path, fields);
    const load = () => (this.folder ? this.#read(path, fields, first) : this.#fetch(url, signal));
    const answer = this.#answers.get(url) ?? (await load());
    this.#keep(url, answer);
    return answer;
  }

  // Loads what every search of plain files needs, before the reader types.
  open() {
    if (this.folder) this.#open(this.folder);
  }

  async #read(path, fields, first) {
    try {
      const index = await this.#open(this.folder);
      return await index[path](fields, first);
    } catch (error) {
      throw new Failure(error.code && { status: 400 }, error);
    }
  }

  #open(folder) {
    if (this.#opened?.folder !== folder) {
      const load = (again) => Promise.all([import(`${folder}search.js${again}`), fetch(`${folder}cloze.json`, { cache: "no-cache" })]).then(([{ open }, entry]) => open(folder, entry));
      // A module of before the last deploy cannot read a new format.
      const index = load("").catch((error) => {
        if (error.code !== "format") throw error;
        return load("?again");
      });
      this.#opened = { folder, index };
      index.catch(() => (this.#opened = null));
    }
    return this.#opened.index;
  }

  // A request without a signal outlives the page.
  async #fetch(url, signal) {
    const key = this.host.getAttribute("key");
    let response, body;
    try {
      response = await fetch(url, { signal, keepalive: !signal, headers: key ? { authorization: `Bearer ${key}` } : {} });
      body = await response.json();
    } catch (error) {
      if (signal?.aborted) throw error;
    }
    if (!response?.ok || !body) throw new Failure(response, body?.error);
    return body;
  }

  #keep(url, answer) {
    if (answer.degraded) return;
    if (answer.generation && answer.generation !== this.#generation) {
      this.#answers.clear();
      this.#generation = answer.generation;
    }
    this.#answers.delete(url);
    this.#answers.set(url, answer);
    if (this.#answers.size > ANSWERS_KEPT) this.#answers.delete(this.#answers.keys().next().value);
  }

  // Repeats the search so that the server counts it. Nobody waits for the answer.
  count(fields) {
    if (!this.folder) this.#fetch(this.url("search", fields)).catch(() => {});
  }

  // Sends text, which needs no preflight.
  report(click) {
    if (!this.folder) navigator.sendBeacon(this.url("click"), JSON.stringify(click));
  }
}
