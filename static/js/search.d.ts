/** The parameters of a search: those of `GET /search`. */
export interface SearchParams {
  /** At most 2,500 characters. */
  q: string;
  limit?: number;
  offset?: number;
  mode?: "hybrid" | "semantic" | "keyword";
  semantic_weight?: number;
  /** The least estimated probability of a listed page. */
  min_score?: number;
  /** Whether the last word is still being typed. */
  prefix?: boolean;
  highlight?: "keyword" | "none";
  explain?: boolean;
  /** `key:value`; one of the values of each key. */
  filter?: string | string[];
  /** Keys whose values are counted. */
  facets?: string | string[];
  /** Whether mistyped words are corrected; true if absent. */
  correct?: boolean;
}

export interface Snippet {
  text: string;
  /** Half-open ranges in UTF-16 units. */
  highlights: [number, number][];
}

export interface Section {
  heading: string;
  url: string;
  snippet: Snippet;
}

export interface LegScore {
  rank: number | null;
  score: number;
  share: number;
}

export interface Hit {
  id: string;
  url: string;
  title: string;
  /** Estimated probability that the page is an answer, 0 to 1. */
  score: number;
  breadcrumbs: string[];
  snippet: Snippet;
  sections: Section[];
  other_versions?: number;
  explain: { fused: number; semantic: LegScore | null; lexical: LegScore | null; tokens: null } | null;
}

/** The answer: that of `GET /search`. */
export interface Answer {
  query: string;
  corrected_query: string | null;
  /** What was searched of a long query. */
  condensed_query: { words: string[]; left_out: number; text: string } | null;
  mode: "hybrid" | "semantic" | "keyword";
  /** The reason why the answer is incomplete; null if it is complete. */
  degraded: string | null;
  encoder?: "table";
  generation: string;
  took_ms: number;
  total: { value: number; relation: "eq" };
  no_match: boolean;
  fills: null;
  hits: Hit[];
  facets: Record<string, Record<string, number>>;
}

export interface Suggestions {
  query: string;
  suggestions: { text: string; kind: "word"; url: null }[];
  took_ms: number;
}

export interface Index {
  readonly generation: string;
  /** Bytes of data files fetched so far. */
  readonly bytes: number;
  search(params: SearchParams | string | URLSearchParams | [string, unknown][]): Promise<Answer>;
  suggest(params: { q: string; limit?: number }): Promise<Suggestions>;
}

/** A parameter is wrong, or the index has another format than this module (`code` is `format`). */
export class SearchError extends Error {
  code: string;
}

/** Version of the format that this module reads. */
export const FORMAT: number;

/** Opens the index in the folder of `cloze.json`. */
export function open(url: string): Promise<Index>;
