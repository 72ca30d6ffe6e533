// Makes the entries of the list box.
let options = 0;

function option(part, choice, ...children) {
  const node = h(choice.url ? "a" : "div", `option ${part}`, {
    id: `cloze-${++options}`, role: "option", tabindex: -1, "aria-selected": false, href: choice.url, "aria-disabled": choice.url === null || null,
  }, ...children);
  node.choice = choice;
  return node;
}

function passage(part, choice, crumbs, snippet) {
  const trail = crumbs.length ? h("span", "breadcrumbs", null, ...crumbs.map((crumb) => h("bdi", "breadcrumb", null, crumb))) : null;
  const text = snippet?.text ? h("span", "snippet", { dir: "auto" }) : null;
  if (text) fillSnippet(text, snippet);
  return option(part, choice, h("span", `title ${part}-title`, null, choice.title), trail, text);
}

// `position` counts pages from 1. Sections have the position of their page.
function page(hit, position, base) {
  const name = hit.title || hit.id, sections = hit.sections ?? [];
  const choice = (url, title) => ({ url: safeUrl(url, base), title, position });
  const node = h("div", "page", sections.length ? { role: "group", "aria-label": name } : null,
    passage("top", choice(hit.url, name), hit.breadcrumbs ?? [], hit.snippet),
    ...sections.map(({ url, heading, snippet }) => passage("section", choice(url, heading || name), [], snippet)));
  node.dir = "auto";
  node.hit = hit;
  return node;
}

function proposal(part, text, url) {
  return option(part, url ? { url, title: text } : { query: text }, icon(url ? "page" : part === "recent" ? "clock" : "search"), h("bdi", "title", null, text));
}
