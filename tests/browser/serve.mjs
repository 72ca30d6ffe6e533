// Serves the widget and the search page from their sources, test pages under a strict policy, and canned answers.
// `node serve.mjs [--port 8300] [--server http://127.0.0.1:8080]`: with a server, `/search` and its like go there.

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { parseArgs } from "node:util";
import { scenarios } from "./canned.mjs";

const WIDGET = new URL("../../server/widget/", import.meta.url);
const PARTS = ["labels", "api", "recent", "dom", "list", "keys", "view", "search", "element"];
// `allow` names the one other origin whose script and answers a test page wants.
const policy = (allow = "") => `default-src 'self'; script-src 'self' ${allow}; connect-src 'self' ${allow}; frame-ancestors 'none'; base-uri 'none'`;
const TYPES = { html: "text/html; charset=utf-8", css: "text/css; charset=utf-8", js: "text/javascript; charset=utf-8", json: "application/json" };

const source = (name) => readFile(new URL(name, WIDGET), "utf8");

// Without lines that are a comment, and without indentation: as `server/src/assets.rs` does it.
const isComment = (line) => line.startsWith("//") || (line.startsWith("/*") && line.endsWith("*/"));
const packed = (text) => text.split("\n").map((line) => line.trim()).filter((line) => line && !isComment(line)).map((line) => `${line}\n`).join("");

// The Rust server's answer at /widget.js: the same parts in the same order.
export async function widget() {
  const scripts = await Promise.all(PARTS.map((part) => source(`${part}.js`)));
  return packed(`(() => {\n"use strict";\nconst CSS = String.raw\`\n${await source("widget.css")}\`;\n${scripts.join("")}})();\n`);
}

export async function weight() {
  return gzipSync(await widget(), { level: 9 }).length;
}

const escaped = (text) => text.replace(/[&"<]/g, (sign) => ({ "&": "&amp;", '"': "&quot;", "<": "&lt;" })[sign]);

// ?attributes=…: those of the element, as JSON. ?style=hostile: a page whose style sheet wants everything to be different.
function testPage(params) {
  const attributes = Object.entries(JSON.parse(params.get("attributes") ?? "{}")).map(([name, value]) => ` ${name}="${escaped(String(value))}"`);
  const styles = ["test", params.get("style")].filter(Boolean).map((name) => `<link rel="stylesheet" href="/assets/${name}.css">`);
  const widgetScript = `${params.get("allow") ?? ""}/widget.js`;
  const twice = params.has("twice") ? '<script src="/widget.js" defer></script>' : "";
  return `<!doctype html>
<html lang="${escaped(params.get("lang") ?? "en")}" dir="${params.get("dir") === "rtl" ? "rtl" : "ltr"}" class="${escaped(params.get("scheme") ?? "")}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Test page</title>
${styles.join("\n")}
<script src="/assets/test.js"></script><script src="${escaped(widgetScript)}" defer></script>${twice}</head>
<body><header><a href="#main">A documentation site</a> <button id="before">Before</button>
<cloze-search${attributes.join("")}></cloze-search> <button id="after">After</button></header>
<main id="main"><h1>A page</h1><p>Some text of the host page.</p>
<p><label>Field <input id="text"></label> <label>Area <textarea id="area"></textarea></label></p>
<div id="editable" contenteditable="true" role="textbox" aria-label="Editor">Editable</div>
<p><label>Choice <select id="choice"><option>One</option><option>Two</option></select></label></p>
<div id="shadowed"></div><closed-field id="closed"></closed-field></main></body></html>`;
}

async function bodyOf(request) {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text;
}

async function canned(name, path, params, request) {
  const scenario = scenarios[name];
  if (!scenario) return { status: 404, body: { error: { code: "not_found", message: name } } };
  if (path === "search") {
    await new Promise((done) => setTimeout(done, scenario.delay?.(params) ?? 0));
    return scenario.search(params, request.headers);
  }
  if (path === "suggest" && scenario.suggest) return { status: 200, body: { query: params.get("q"), suggestions: scenario.suggest } };
  if (path === "ready") return { status: 200, body: { status: "ready", generation: "000007", pages: 17, passages: 210, model: "test", degraded: null, reload_error: null } };
  if (path === "click") return { status: 204, body: "" };
  return { status: 404, body: { error: { code: "not_found", message: path } } };
}

async function proxied(server, url, request) {
  const response = await fetch(server + url.pathname + url.search, { method: request.method, body: request.method === "POST" ? await bodyOf(request) : undefined });
  const headers = { "content-type": response.headers.get("content-type") ?? "", "retry-after": response.headers.get("retry-after") ?? "" };
  return { status: response.status, headers, body: Buffer.from(await response.arrayBuffer()) };
}

const NOT_FOUND = { status: 404, headers: { "content-type": TYPES.html }, body: "<!doctype html><title>Not found</title>" };

// A file of an exported index. `faults` maps patterns of addresses to what happens: "missing", "html" (an error page in its
// place), "cut", "other" (another file of the export), "down" (no answer), a promise to wait for, or a function of its text.
async function plainFile(address, { folder, faults }) {
  const [path] = address.split("?"), fault = faults.find(([pattern]) => pattern.test(address))?.[1], type = TYPES[path.split(".").pop()] ?? "application/octet-stream";
  if (fault === "down") return { isDown: true };
  if (fault === "html") return { ...NOT_FOUND, status: 200 };
  await (typeof fault === "object" && fault);
  const name = fault === "other" ? path.replace(/[a-z]\d+\.bin$/, "h0.bin") : path;
  const body = fault === "missing" || path.includes("..") ? null : await readFile(`${folder}/${name}`).catch(() => null);
  if (!body) return NOT_FOUND;
  return { headers: { "content-type": type }, body: fault === "cut" ? body.subarray(0, body.length - 9) : typeof fault === "function" ? fault(body.toString()) : body };
}

// The service worker of the manual, for the folder of the tests.
async function worker() {
  const manual = await readFile(new URL("../../docs/static.md", import.meta.url), "utf8");
  return /```js\n(\/\/ sw\.js\n.*?)```/s.exec(manual)[1].replaceAll("/cloze/", "/plain/");
}

async function file(url) {
  const type = TYPES[url.pathname.split(".").pop()];
  const headers = { "content-type": type };
  if (url.pathname === "/") return { headers: { "content-type": TYPES.html }, body: await source("page.html") };
  if (url.pathname === "/test") return { headers: { "content-type": TYPES.html }, body: testPage(url.searchParams) };
  if (url.pathname === "/widget.js") return { headers, body: await widget() };
  if (["/page.css", "/page.js"].includes(url.pathname)) return { headers, body: await source(url.pathname.slice(1)) };
  if (url.pathname === "/sw.js") return { headers, body: await worker() };
  if (url.pathname === "/favicon.ico") return { status: 204, body: "" };
  if (/^\/assets\/[a-z]+\.(css|js)$/.test(url.pathname)) return { headers, body: await readFile(new URL(`.${url.pathname}`, import.meta.url), "utf8") };
  return null;
}

// `log` holds the requests of a scenario: { name, path, params, headers, body }.
export async function start({ port = 0, server = null, scenario = "docs", plain = { folder: null, faults: [] } } = {}) {
  const log = [];
  const http = createServer(async (request, response) => {
    const url = new URL(request.url, "http://localhost");
    const [, name, path] = url.pathname.match(/^\/canned\/([a-z]+)\/([a-z]+)$/) ?? [null, scenario, url.pathname.slice(1)];
    let answer = url.pathname.startsWith("/plain/") ? await plainFile(url.pathname.slice("/plain/".length) + url.search, plain) : await file(url);
    if (!answer && server && !url.pathname.startsWith("/canned/")) answer = await proxied(server, url, request);
    if (!answer) {
      log.push({ name, path, params: url.searchParams, headers: request.headers, body: request.method === "POST" ? await bodyOf(request) : null });
      answer = await canned(name, path, url.searchParams, request);
    }
    if (answer.isDown) return request.destroy();
    const isRaw = typeof answer.body === "string" || Buffer.isBuffer(answer.body);
    response.writeHead(answer.status ?? 200, { "content-type": TYPES.json, "content-security-policy": policy(url.searchParams.get("allow") ?? ""), "cache-control": "no-cache", "access-control-allow-origin": "*", ...answer.headers });
    response.end(isRaw ? answer.body : JSON.stringify(answer.body));
  });
  await new Promise((done) => http.listen(port, "127.0.0.1", done));
  return { url: `http://127.0.0.1:${http.address().port}`, log, plain, close: () => (http.closeAllConnections(), http.close()) };
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const { values } = parseArgs({ options: { port: { type: "string", default: "8300" }, server: { type: "string" } } });
  const { url } = await start({ port: Number(values.port), server: values.server });
  console.log(`${url}/ and ${url}/test?attributes={"endpoint":"/canned/docs"}; widget.js: ${await weight()} bytes with gzip`);
}
