//! The answer as it goes over the wire (v1).

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::Mode;

/// The answer to a search.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Answer {
    /// The query, white space tidied.
    pub query: String,
    /// The query with words put right that look mistyped: it was searched, and so was the original.
    pub corrected_query: Option<String>,
    /// What was searched of a long query; absent where all of it was.
    pub condensed_query: Option<CondensedQuery>,
    /// Which legs were asked for.
    pub mode: Mode,
    /// Why only a part of what was asked for answered; absent when all did.
    pub degraded: Option<String>,
    /// The generation of the index that answered.
    pub generation: String,
    /// Time from request to answer, in milliseconds.
    pub took_ms: f64,
    /// Number of pages that match.
    pub total: Total,
    /// Whether nothing matches.
    pub no_match: bool,
    /// Words that fill the query's blanks, the likeliest first; absent where there are no blanks.
    pub fills: Option<Vec<QueryFill>>,
    /// The pages, best first; ties by the order of the index.
    pub hits: Vec<Hit>,
    /// Counts by metadata key and value.
    pub facets: BTreeMap<String, BTreeMap<String, u64>>,
}

impl Answer {
    /// About how much memory it takes, in bytes.
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

/// What was searched of a long query, such as a pasted error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CondensedQuery {
    /// The words that were searched, the rarest of those that the index has, in their order.
    pub words: Vec<String>,
    /// Number of other words, each counted once, that were left out.
    pub left_out: usize,
    /// The part of the query that was searched by meaning.
    pub text: String,
}

/// Words for the blanks of a query.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct QueryFill {
    /// A word of the index for every blank, in order.
    pub words: Vec<String>,
    /// The query with them.
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
    /// Where it is.
    pub url: String,
}

/// A count that may be a lower bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Total {
    /// Pages.
    pub value: u64,
    /// `eq`, or `gte` where a leg was cut.
    pub relation: Relation,
}

/// How a count is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Relation {
    /// Exactly.
    Eq,
    /// At least.
    Gte,
}

/// A page that matches.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Hit {
    /// Name of the page in its source: a relative path, or a record's id.
    pub id: String,
    /// Where the best passage is.
    pub url: String,
    /// Title of the page.
    pub title: String,
    /// Estimated probability that the page is an answer, 0 to 1; it means the same in every answer.
    /// 0 where pages were listed by a filter and nothing was searched for.
    pub score: f32,
    /// Headings down to the best passage.
    pub breadcrumbs: Vec<String>,
    /// A stretch of the best passage.
    pub snippet: Snippet,
    /// Other sections of the page that match.
    pub sections: Vec<SectionHit>,
    /// How the score came about, on request.
    pub explain: Option<Explain>,
}

/// Another section of a page that matches.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SectionHit {
    /// Its heading, or the page's title for the text above the first heading.
    pub heading: String,
    /// Where it is.
    pub url: String,
    /// A stretch of it.
    pub snippet: Snippet,
}

/// Text with marks.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct Snippet {
    /// Plain text, never markup.
    pub text: String,
    /// Half-open ranges in UTF-16 code units, ascending, apart from each other.
    pub highlights: Vec<[u32; 2]>,
}

/// How a score came about.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Explain {
    /// The score that orders the list, 0 to 1; comparable within one answer. The legs' shares add up
    /// to it, unless the page comes first for being exactly what was asked for.
    pub fused: f32,
    /// The semantic leg; absent if it took no part.
    pub semantic: Option<LegScore>,
    /// The keyword leg; absent if it took no part.
    pub lexical: Option<LegScore>,
}

/// What one leg made of a passage.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct LegScore {
    /// Place among the leg's candidates, from 1; absent if only the other leg proposed the passage.
    pub rank: Option<u32>,
    /// Cosine similarity or BM25.
    pub score: f32,
    /// Part of the fused score that is this leg's.
    pub share: f32,
}
