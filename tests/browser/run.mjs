// `node run.mjs [--server address --key key] [--static folder] [--hostile address] [--html address --mdbook address --mkdocs address]
// [--shots folder] [--browser /usr/bin/chromium]`: check.py starts the servers with those addresses.
// Drives the widget and the search page in a browser; with a server, also against its answers.

import { after, afterEach, test } from "node:test";
import { close, closePages, options } from "./harness.mjs";

afterEach(closePages);
after(close);

const files = ["states", "behaviour", "typing", "trust", "page", ...(options.server ? ["server"] : []), ...(options.static ? ["static"] : []), ...(options.html ? ["guides"] : [])];
const loaded = Promise.all(files.map((name) => import(`./${name}.test.mjs`)));
// It keeps the runner, and so the browser, from ending before the last file is loaded.
test("all files are loaded", () => loaded);
await loaded;
