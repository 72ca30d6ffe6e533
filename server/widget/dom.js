// Makes elements. Data enters only as text nodes, and as links only through `safeUrl`.

// `part` is also the class.
function h(tag, part, attributes, ...children) {
  const node = document.createElement(tag);
  if (part) node.className = node.part = part;
  if (tag === "button") node.type = "button";
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (typeof value === "function") node[name] = value;
    else if (value != null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
}

const ICONS = {
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13ZM15.2 15.2 20 20",
  cross: "M7 7l10 10M17 7 7 17",
  clock: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16ZM12 7.5V12l3 2",
  page: "M7 3.5h7l4 4v13H7zM10 12h5M10 16h5",
  alert: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16ZM12 8v5M12 16v.1",
};

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS(svg.namespaceURI, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "icon");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

function safeUrl(url, base) {
  try {
    const { protocol, href } = new URL(url, new URL(base ?? "", document.baseURI));
    return /^https?:$/.test(protocol) ? href : null;
  } catch {
    return null;
  }
}

// Ranges count UTF-16 code units, like `slice`.
function fillSnippet(node, snippet) {
  const { text, highlights } = snippet;
  const children = [];
  let at = 0;
  for (const [from, to] of highlights ?? []) {
    if (!(from >= at && to > from && from < text.length)) continue;
    children.push(text.slice(at, from), h("mark", "mark", null, text.slice(from, to)));
    at = to;
  }
  node.replaceChildren(...children, text.slice(at));
}
