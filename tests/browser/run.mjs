// `node run.mjs [--server http://127.0.0.1:8080] [--mdbook address --mkdocs address] [--shots folder] [--browser /usr/bin/chromium]`
// Drives the widget and the search page in a browser; with a server, also against its answers.

import { after, afterEach } from "node:test";
import { close, closePages, options } from "./harness.mjs";

afterEach(closePages);
after(close);

await import("./states.test.mjs");
await import("./behaviour.test.mjs");
await import("./trust.test.mjs");
await import("./page.test.mjs");
if (options.server) await import("./server.test.mjs");
if (options.mdbook) await import("./guides.test.mjs");
