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
  /** The part of a long query that was searched. */
  condensed_query: { words: string[]; left_out: number; text: string } | null;
  mode: "hybrid" | "semantic" | "keyword";
  /** The reason why the answer is incomplete; null if it is complete. */
  degraded: string | null;
  encoder?: "table";
  generation: string;
  took_ms: number;
  /** `gte` in a first answer, which counts only its own hits. */
  total: { value: number; relation: "eq" | "gte" };
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
  /**
   * Searches. `first` may be called before with the first hits: those that words alone find while the files for the
   * meaning are fetched. The answer takes their place.
   */
  search(params: SearchParams | string | URLSearchParams | [string, unknown][], first?: (answer: Answer) => void): Promise<Answer>;
  suggest(params: { q: string; limit?: number } | string | URLSearchParams | [string, unknown][]): Promise<Suggestions>;
}

/** A parameter is wrong, or the index has another format than this module (`code` is `format`). */
export class SearchError extends Error {
  code: string;
}

/** Version of the format that this module reads. */
export const FORMAT: number;

/** Opens the index in the folder of `cloze.json`. `entry` may be a fetch of this file that is under way. */
export function open(url: string, entry?: Promise<Response>): Promise<Index>;
