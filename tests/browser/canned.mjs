// Canned answers: one scenario for each state that the widget can be in. An answer is what docs/http-api.md describes.

const TOPICS = [
  ["Keep the index fresh", "freshness", ["Watch a folder", "When a file changes"], "The indexer watches the folder and publishes a new generation when a file has changed.", "guide", "3"],
  ["Build an index", "build", ["Quick start"], "Name the folder, and the indexer reads every page, cuts it into passages and encodes them.", "guide", "3"],
  ["Formats", "formats", ["Front matter"], "Front matter is a block at the very top of a file; every other key is stored as metadata.", "reference", "3"],
  ["HTTP API", "http-api", ["Search", "Parameters"], "Parameters are read strictly: an unknown name is an error, not a guess.", "reference", "2"],
  ["Operations", "operations", ["Reverse proxy"], "Let your web server pass a path of its own to the search server.", "guide", "2"],
  ["Relevance", "relevance", ["Fusion"], "Two legs propose pages, one by words and one by meaning, and their scores become one.", "reference", "3"],
];

const SECTIONS = [
  { heading: "What happens when a file is broken", url: "/build#broken", text: "A broken file is left out and named in the report." },
  { heading: "How long does a build take", url: "/build#time", text: "Only new passages are encoded, so most builds take a second." },
];

function marked(text, query) {
  const highlights = [];
  for (const word of query.toLowerCase().split(/\W+/).filter((part) => part.length > 2)) {
    const at = text.toLowerCase().indexOf(word);
    if (at >= 0) highlights.push([at, at + word.length]);
  }
  return { text, highlights: highlights.sort((a, b) => a[0] - b[0]).filter((range, i, all) => !i || range[0] >= all[i - 1][1]) };
}

function leg(rank, share) {
  return { rank, score: 0.4, share };
}

function hit(at, params) {
  const [title, path, breadcrumbs, text, tag, version] = TOPICS[at % TOPICS.length];
  const query = params.get("q"), turn = Math.floor(at / TOPICS.length);
  const semantic = params.get("highlight") === "semantic" && at < 5;
  return {
    id: `${path}-${at}.md`,
    url: `/${path}${turn ? `-${turn + 1}` : ""}#${breadcrumbs[0].toLowerCase().replaceAll(" ", "-")}`,
    title: turn ? `${title} (part ${turn + 1})` : title,
    score: 0.97 - at / 40,
    breadcrumbs,
    snippet: semantic ? { text: `By meaning: ${text}`, highlights: [[3, 10]] } : marked(text, query),
    sections: at % 3 ? [] : SECTIONS.map(({ heading, url, text: body }) => ({ heading, url, snippet: marked(body, query) })),
    explain: params.get("explain") === "true" ? { fused: 0.9 - at / 40, semantic: leg(at + 1, 0.55), lexical: at % 2 ? null : leg(null, 0.35) } : null,
    meta: { tags: tag, version },
  };
}

function counted(hits, keys) {
  const facets = {};
  for (const key of keys) {
    facets[key] = {};
    for (const { meta } of hits) if (meta?.[key]) facets[key][meta[key]] = (facets[key][meta[key]] ?? 0) + 1;
  }
  return facets;
}

function answer(params, hits, extra = {}) {
  const filters = params.getAll("filter").map((filter) => filter.split(/:(.*)/s));
  const fits = ({ meta }) => filters.every(([key]) => filters.some(([other, value]) => other === key && meta?.[key] === value));
  const found = hits.filter(fits);
  const offset = Number(params.get("offset") ?? 0), limit = Number(params.get("limit") ?? 10);
  return {
    query: params.get("q"), corrected_query: null, mode: params.get("mode") ?? "hybrid", degraded: null, generation: "000007", took_ms: 3.1,
    total: { value: found.length, relation: "eq" }, no_match: found.length === 0, fills: null,
    hits: found.slice(offset, offset + limit), facets: counted(found, (params.get("facets") ?? "").split(",").filter(Boolean)), ...extra,
  };
}

const docs = (params, count = 24) => answer(params, Array.from({ length: count }, (_, at) => hit(at, params)));
const one = (params, fields) => answer(params, [{ ...hit(0, params), sections: [], ...fields }]);
const json = (body, status = 200, headers = {}) => ({ status, headers, body });
const failure = (status, code, message, headers) => json({ error: { code, message } }, status, headers);

// Payloads that would run or open something if they were taken for markup or followed as links.
const SCRIPT = "<img src=x onerror=\"window.__pwned='image'\"><script>window.__pwned='script'</script>";
const UNSAFE = ["javascript:window.__pwned='url'", "JaVaScRiPt:window.__pwned='case'", "\tjava\nscript:window.__pwned='space'", "vbscript:x", "data:text/html,<script>parent.__pwned='data'</script>", "blob:x", "file:///etc/passwd"];

function hostile(params) {
  const hits = UNSAFE.map((url, at) => ({
    ...hit(at, params), url, title: `${SCRIPT} ${at}`, breadcrumbs: [SCRIPT],
    snippet: { text: SCRIPT, highlights: [[0, 4], [2, 3], [900, 901], [-4, 2], [6, 5]] },
    sections: [{ heading: SCRIPT, url, snippet: { text: SCRIPT, highlights: [] } }],
  }));
  hits.push({ ...hit(7, params), url: "/safe", title: `${SCRIPT} safe`, sections: [] });
  return answer(params, hits, { corrected_query: SCRIPT, degraded: SCRIPT, facets: { [SCRIPT]: { [SCRIPT]: 2, other: 1 }, __proto__x: { constructor: 1, b: 1 } } });
}

const ARABIC = [
  ["إبقاء الفهرس محدثًا", ["مراقبة مجلد", "عند تغيير ملف"], "يراقب المفهرس المجلد وينشر جيلاً جديدًا عندما يتغير ملف."],
  ["بناء فهرس", ["البداية السريعة"], "سمِّ المجلد، فيقرأ المفهرس كل صفحة ويقسمها إلى مقاطع."],
  ["Front matter والبيانات الوصفية", [], "كل مفتاح آخر يُحفظ بوصفه بيانات وصفية للصفحة."],
];
const JAPANESE = [
  ["索引を新しく保つ", ["フォルダーを監視する", "ファイルが変わったとき"], "インデクサーはフォルダーを監視し、ファイルが変わると新しい世代を公開します。"],
  ["索引を作る", ["はじめに"], "フォルダーを指定すると、インデクサーはすべてのページを読み、段落に分けます。"],
];

function inLanguage(params, topics, mark) {
  return answer(params, topics.map(([title, breadcrumbs, text], at) => ({
    ...hit(at, params), title, breadcrumbs, snippet: { text, highlights: [[text.indexOf(mark), text.indexOf(mark) + mark.length]].filter(([from]) => from >= 0) },
    sections: at ? [] : topics.slice(1).map(([heading, , body], n) => ({ heading, url: `/section-${n}`, snippet: { text: body, highlights: [] } })),
  })));
}

// While the reader types: five of six pages, others with every letter, and nothing for four letters. After that: all, in another order.
function ahead(params) {
  const pages = TOPICS.map((_, at) => hit(at, params)), { length } = params.get("q");
  if (params.has("encoder")) return answer(params, pages.reverse(), { encoder: "model" });
  const turned = [...pages.slice(length % 6), ...pages.slice(0, length % 6)];
  return answer(params, length === 4 ? [] : turned.slice(1), { encoder: "table" });
}

const suggestions = (...list) => list.map(([text, kind, url = null]) => ({ text, kind, url }));
const seen = new Map(); // how often a busy scenario was asked the same

// By name: the answer to GET /search, and what /suggest knows there.
export const scenarios = {
  docs: { search: (params) => json(docs(params)) },
  few: { search: (params) => json(docs(params, 2)) },
  nothing: {
    search: (params) => json(answer(params, [])),
    suggest: suggestions(["Keep the index fresh", "title", "/freshness"], ["freshness", "word"], ["Bad link", "heading", "javascript:window.__pwned='suggestion'"]),
  },
  nosuggest: { search: (params) => json(answer(params, [])) },
  error: { search: () => failure(500, "internal", "the request failed; the server's log shows the reason") },
  refused: { search: () => failure(400, "query_too_long", "the query is too long") },
  html: { search: () => ({ status: 502, headers: { "content-type": "text/html" }, body: "<h1>Bad gateway</h1>" }) },
  busy: {
    search(params) {
      const times = (seen.get(`${params}`) ?? 0) + 1;
      seen.set(`${params}`, times);
      return times === 1 ? failure(503, "busy", "too many searches", { "retry-after": "1" }) : json(docs(params));
    },
  },
  overloaded: { search: () => failure(503, "busy", "too many searches", { "retry-after": "1" }) },
  lastpage: { search: (params) => (params.get("offset") ? failure(500, "internal", "the request failed; the server's log shows the reason") : json(docs(params))) },
  slow: { delay: () => 1500, search: (params) => json(docs(params)) },
  // The first letters are answered last.
  race: { delay: (params) => (params.get("q") === "slow" ? 700 : 10), search: (params) => json(one(params, { title: `Answer to ${params.get("q")}` })) },
  ahead: { search: (params) => json(ahead(params)) },
  tableonly: { search: (params) => (params.has("encoder") ? failure(503, "busy", "too many searches", { "retry-after": "1" }) : json(ahead(params))) },
  wordsonly: { search: (params) => json(params.has("encoder") ? { ...ahead(params), degraded: "the semantic leg failed; only the keyword leg answered" } : ahead(params)) },
  degraded: { search: (params) => json({ ...docs(params), degraded: "the encoder failed" }) },
  corrected: { search: (params) => json({ ...docs(params), corrected_query: params.get("q") === "freshness" ? null : "freshness" }) },
  atleast: { search: (params) => json({ ...docs(params), total: { value: 200, relation: "gte" } }) },
  bare: { search: (params) => json(one(params, { title: "", breadcrumbs: [], snippet: { text: "", highlights: [] }, url: "page.html" })) },
  keyed: { search: (params, headers) => (headers.authorization === "Bearer secret" ? json(docs(params)) : failure(401, "unauthorized", "this request requires a key; send the header Authorization: Bearer KEY")) },
  hostile: { search: (params) => json(hostile(params)), suggest: suggestions([SCRIPT, "word"]) },
  arabic: { search: (params) => json(inLanguage(params, ARABIC, "المفهرس")) },
  japanese: { search: (params) => json(inLanguage(params, JAPANESE, "フォルダー")) },
  halfsemantic: {
    search: (params) => (params.get("highlight") === "semantic" ? failure(500, "internal", "no encoder") : json(docs(params))),
  },
};
