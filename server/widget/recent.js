// Stores the last searches. Storage may be full or forbidden, or contain anything.
const RECENT_KEY = "cloze-recent";
const RECENT_KEPT = 8;

const recent = {
  all() {
    try {
      const kept = JSON.parse(localStorage.getItem(RECENT_KEY));
      return kept.filter((query) => typeof query === "string" && query).slice(0, RECENT_KEPT);
    } catch {
      return [];
    }
  },
  save(queries) {
    try {
      if (queries.length) localStorage.setItem(RECENT_KEY, JSON.stringify(queries.slice(0, RECENT_KEPT)));
      else localStorage.removeItem(RECENT_KEY);
    } catch {}
  },
  add(query) {
    recent.save([query, ...recent.without(query)]);
  },
  remove(query) {
    recent.save(recent.without(query));
  },
  without(query) {
    return recent.all().filter((other) => other !== query);
  },
};
