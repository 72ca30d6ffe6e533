//! The answer in its wire format (v1).

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::Mode;

/// The answer to a search.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Answer {
    /// The query, with white space normalised.
    pub query: String,
    /// The query with mistyped words corrected. Both this query and the original were searched.
    pub corrected_query: Option<String>,
    /// The searched part of a long query; absent if the whole query was searched.
    pub condensed_query: Option<CondensedQuery>,
    /// The requested legs.
    pub mode: Mode,
    /// The reason why the answer is incomplete; absent if every requested leg answered.
    pub degraded: Option<String>,
    /// The source of the query's vector; absent if there is none, as in keyword mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoder: Option<EncodedBy>,
    /// The generation of the index that answered.
    pub generation: String,
    /// Time from request to answer, in milliseconds.
    pub took_ms: f64,
    /// Number of pages that match.
    pub total: Total,
    /// Whether no page matches.
    pub no_match: bool,
    /// Words that fill the query's blanks, the likeliest first; absent if the query has no blanks.
    pub fills: Option<Vec<QueryFill>>,
    /// The pages, best first; ties by the order of the index.
    pub hits: Vec<Hit>,
    /// Counts by metadata key and value.
    pub facets: BTreeMap<String, BTreeMap<String, u64>>,
}

impl Answer {
    /// Its approximate size in memory, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let snippet = |s: &Snippet| s.text.len() + s.highlights.len() * size_of::<[u32; 2]>();
        let section = |s: &SectionHit| size_of_val(s) + s.heading.len() + s.url.len() + snippet(&s.snippet);
        let hit = |h: &Hit| {
            let names = h.id.len() + h.url.len() + h.title.len();
            let breadcrumbs: usize = h.breadcrumbs.iter().map(|b| size_of_val(b) + b.len()).sum();
            size_of_val(h) + names + breadcrumbs + snippet(&h.snippet) + h.sections.iter().map(section).sum::<usize>()
        };
        let values = self.facets.values().flatten().map(|(value, _)| 48 + value.len());
        let place = |p: &FillPassage| size_of_val(p) + p.title.len() + p.url.len();
        let fill = |f: &QueryFill| size_of_val(f) + 2 * f.text.len() + f.passages.iter().map(place).sum::<usize>();
        let fills = self.fills.iter().flatten().map(fill);
        let condensed = self.condensed_query.iter();
        let condensed =
            condensed.map(|c| c.text.len() + c.words.iter().map(|w| size_of_val(w) + w.len()).sum::<usize>());
        let query = self.query.len() + condensed.sum::<usize>();
        size_of_val(self) + query + self.hits.iter().map(hit).chain(values).chain(fills).sum::<usize>()
    }
}

/// The part of a long query, such as a pasted error message, that was searched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CondensedQuery {
    /// The searched words: the rarest words of the query that the index contains, in their order.
    pub words: Vec<String>,
    /// Number of other distinct words, which were left out.
    pub left_out: usize,
    /// The part of the query that was searched by meaning.
    pub text: String,
}

/// The source of a query's vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EncodedBy {
    /// The model that encoded the passages.
    Model,
    /// The model's lookup table.
    Table,
}

/// Words for the blanks of a query.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct QueryFill {
    /// A word of the index for every blank, in order.
    pub words: Vec<String>,
    /// The query with these words in its blanks.
    pub text: String,
    /// Their probability in this query, 0 to 1, given that every blank is a word of the index.
    pub probability: f64,
    /// Passages that hold them, the best matches of the filled query first.
    pub passages: Vec<FillPassage>,
}

/// A passage that holds the words that fill a query's blanks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FillPassage {
    /// Title of its page.
    pub title: String,
    /// Its address.
    pub url: String,
}

/// A count that may be a lower bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Total {
    /// The number of pages.
    pub value: u64,
    /// `eq`, or `gte` if a leg was cut off.
    pub relation: Relation,
}

/// The meaning of a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Relation {
    /// The count is exact.
    Eq,
    /// The count is a lower bound.
    Gte,
}

/// A page that matches.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Hit {
    /// Name of the page in its source: a relative path, or a record's id.
    pub id: String,
    /// Address of the best passage.
    pub url: String,
    /// Title of the page.
    pub title: String,
    /// Estimated probability that the page is an answer, 0 to 1; it means the same in every answer. It is 0 if the
    /// query only has filters, which list pages without a search.
    pub score: f32,
    /// Headings down to the best passage.
    pub breadcrumbs: Vec<String>,
    /// A stretch of the best passage.
    pub snippet: Snippet,
    /// Other sections of the page that match.
    pub sections: Vec<SectionHit>,
    /// The number of other versions of the manual that contain the page; absent if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_versions: Option<u32>,
    /// The explanation of the score, on request.
    pub explain: Option<Explain>,
}

/// Another section of a page that matches.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SectionHit {
    /// Its heading, or the page's title for the text above the first heading.
    pub heading: String,
    /// Its address.
    pub url: String,
    /// A stretch of it.
    pub snippet: Snippet,
}

/// Text with marks.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct Snippet {
    /// Plain text, never markup.
    pub text: String,
    /// Half-open ranges in UTF-16 code units, ascending; they neither overlap nor touch.
    pub highlights: Vec<[u32; 2]>,
}

/// The explanation of a score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Explain {
    /// The score that orders the list, 0 to 1; comparable within one answer. It is the sum of all shares,
    /// unless the page comes first as an exact match.
    pub fused: f32,
    /// The semantic leg; absent if it took no part.
    pub semantic: Option<LegScore>,
    /// The keyword leg; absent if it took no part.
    pub lexical: Option<LegScore>,
    /// The second look, token by token; absent if it took no part. Its score is 0 for a passage that it skipped.
    pub tokens: Option<LegScore>,
    /// The share of the query's words that the passage has; absent if it took no part, 0 for a passage that it skipped.
    pub coverage: Option<LegScore>,
    /// The mean score of the passages nearest to it, and what it gained from them; absent if they took no part.
    pub neighbours: Option<LegScore>,
}

/// One leg's view of a passage.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct LegScore {
    /// Place among the leg's candidates, from 1; absent if only the other leg proposed the passage.
    pub rank: Option<u32>,
    /// Cosine similarity or BM25.
    pub score: f32,
    /// This leg's part of the fused score.
    pub share: f32,
}
