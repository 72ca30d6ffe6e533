// All texts. A site overrides single texts with the property `labels`: a string, or one for each plural category.
const LABELS = {
  en: {
    search: "Search", placeholder: "Search the docs", clear: "Clear", close: "Close", results: "Search results",
    count: { one: "{n} result", other: "{n} results" }, loading: "Searching…", more: "Show more", filters: "Filters",
    corrected: "Did you mean", none: "Nothing found for “{q}”", hint: "Ask in your own words",
    recent: "Recent searches", remove: "Remove “{q}”", forget: "Clear all", degraded: "These results are incomplete.",
    offline: "You are offline", failed: "The search failed", busy: "The search is busy just now",
    retry: "Try again", move: "move", open: "open",
  },
  de: {
    search: "Suchen", placeholder: "Doku durchsuchen", clear: "Leeren", close: "Schließen", results: "Suchergebnisse",
    count: { one: "{n} Ergebnis", other: "{n} Ergebnisse" }, loading: "Suche läuft…", more: "Mehr anzeigen", filters: "Filter",
    corrected: "Meintest du", none: "Nichts gefunden zu „{q}“", hint: "Frag in eigenen Worten",
    recent: "Letzte Suchen", remove: "„{q}“ entfernen", forget: "Alle löschen", degraded: "Diese Ergebnisse sind unvollständig.",
    offline: "Du bist offline", failed: "Die Suche ist fehlgeschlagen", busy: "Die Suche ist gerade ausgelastet",
    retry: "Noch einmal", move: "bewegen", open: "öffnen",
  },
  fr: {
    search: "Rechercher", placeholder: "Rechercher dans la doc", clear: "Effacer", close: "Fermer", results: "Résultats de recherche",
    count: { one: "{n} résultat", other: "{n} résultats" }, loading: "Recherche…", more: "Afficher plus", filters: "Filtres",
    corrected: "Vouliez-vous dire", none: "Aucun résultat pour « {q} »", hint: "Posez la question avec vos mots",
    recent: "Recherches récentes", remove: "Retirer « {q} »", forget: "Tout effacer", degraded: "Ces résultats sont incomplets.",
    offline: "Vous êtes hors ligne", failed: "La recherche a échoué", busy: "La recherche est surchargée",
    retry: "Réessayer", move: "naviguer", open: "ouvrir",
  },
  es: {
    search: "Buscar", placeholder: "Buscar en la documentación", clear: "Borrar", close: "Cerrar", results: "Resultados de búsqueda",
    count: { one: "{n} resultado", other: "{n} resultados" }, loading: "Buscando…", more: "Mostrar más", filters: "Filtros",
    corrected: "Quizás quisiste decir", none: "Nada encontrado para «{q}»", hint: "Pregunta con tus palabras",
    recent: "Búsquedas recientes", remove: "Quitar «{q}»", forget: "Borrar todo", degraded: "Estos resultados están incompletos.",
    offline: "Estás sin conexión", failed: "La búsqueda ha fallado", busy: "La búsqueda está ocupada",
    retry: "Reintentar", move: "mover", open: "abrir",
  },
  ja: {
    search: "検索", placeholder: "ドキュメントを検索", clear: "消去", close: "閉じる", results: "検索結果",
    count: "{n} 件", loading: "検索中…", more: "もっと見る", filters: "絞り込み",
    corrected: "もしかして", none: "「{q}」は見つかりませんでした", hint: "自分の言葉で質問できます",
    recent: "最近の検索", remove: "「{q}」を削除", forget: "すべて消去", degraded: "結果は一部のみです。",
    offline: "オフラインです", failed: "検索に失敗しました", busy: "検索が混み合っています",
    retry: "再試行", move: "移動", open: "開く",
  },
};

function languageOf(host) {
  const tag = host.closest("[lang]")?.lang || document.documentElement.lang || navigator.language;
  try {
    return Intl.getCanonicalLocales(tag)[0] ?? "en";
  } catch {
    return "en"; // not a language tag
  }
}

// Returns a function that returns a text by its name, with `{n}` and `{q}` filled in.
function translator(host, overrides) {
  const language = languageOf(host);
  const labels = { ...LABELS.en, ...LABELS[language.split("-")[0]], ...overrides };
  const plural = new Intl.PluralRules(language), digits = new Intl.NumberFormat(language);
  return (name, { n = 0, q = "", open } = {}) => {
    const label = labels[name];
    const text = typeof label === "object" ? (label[plural.select(n)] ?? label.other) : label;
    return text.replace(/\{([nq])\}/g, (_, key) => (key === "q" ? q : digits.format(n) + (open ? "+" : "")));
  };
}
