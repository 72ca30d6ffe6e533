// Sends requests. Keeps answers until the index changes.
const ANSWERS_KEPT = 100;
const DEFAULT_WAIT = 2; // seconds, if CORS hides Retry-After

class Failure extends Error {
  constructor(response, error) {
    const status = response?.status;
    super(error?.message);
    this.busy = status === 503 || status === 429;
    this.wait = Number(response?.headers.get("retry-after")) || DEFAULT_WAIT;
    this.refused = status >= 400 && status < 500 && !this.busy;
    this.label = this.busy ? "busy" : navigator.onLine ? "failed" : "offline";
  }
}

class Api {
  #answers = new Map(); // by address, oldest first
  #generation;

  constructor(host) {
    this.host = host;
  }

  url(path, fields = []) {
    const endpoint = this.host.getAttribute("endpoint") ?? SCRIPT_FOLDER;
    const query = new URLSearchParams(fields).toString();
    return new URL(endpoint.replace(/\/*$/, "/") + path + (query && `?${query}`), document.baseURI).href;
  }

  has(path, fields) {
    return this.#answers.has(this.url(path, fields));
  }

  async get(path, fields, signal) {
    const url = this.url(path, fields);
    const answer = this.#answers.get(url) ?? (await this.#fetch(url, signal));
    this.#keep(url, answer);
    return answer;
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
    this.#fetch(this.url("search", fields)).catch(() => {});
  }

  // Sends text, which needs no preflight.
  report(click) {
    navigator.sendBeacon(this.url("click"), JSON.stringify(click));
  }
}
