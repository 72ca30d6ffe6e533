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

const keyOf = ({ localName, className, hit, choice }) => `${localName} ${className} ${hit?.id ?? choice?.title}`;

// Gives a list, a page or an option these children. One that is there already keeps its node, so that selection and focus stay.
function settle(parent, children) {
  const known = new Map([...parent.children].map((child) => [keyOf(child), child]));
  const kept = children.map((child) => {
    const key = keyOf(child), before = known.get(key), part = !child.hit && !child.choice;
    if (!before || (part && !before.isEqualNode(child))) return child;
    known.delete(key);
    if (part) return before;
    const { hit, choice, role, ariaLabel, href } = child;
    Object.assign(before, { hit, choice, role, ariaLabel }, href && { href });
    settle(before, [...child.children]);
    return before;
  });
  for (const child of [...parent.children]) if (!kept.includes(child)) child.remove();
  kept.forEach((child, at) => {
    const there = parent.children[at] ?? null, move = child.isConnected && parent.moveBefore ? "moveBefore" : "insertBefore";
    if (child !== there) parent[move](child, there);
  });
}
