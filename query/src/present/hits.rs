//! One hit for each page: snippet, sections, best sentence, and the explanation of the score.

use cloze_index::{KeywordQuery, Passage, PassageId, body::Shown, passage::OTHER_VERSIONS};
use rayon::prelude::*;

use super::{
    compare::{Comparer, Encoding},
    json::{Explain, Hit, LegScore, SectionHit, Snippet},
    snippet,
};
use crate::{
    Highlight, Request, Result,
    engine::{resources::Resources, vectors::QueryVector},
    request::plan::Plan,
    search::{fuse::Fused, pages::PageHit, signal::View},
};

/// The number of hits whose passages are encoded again to find their best sentences.
const FOCUSED: usize = 5;

/// The most other sections of a page in its hit.
const SECTIONS: usize = 3;

/// The hits of some pages, in their order; `query` is the encoded query, if the search needed it.
pub(crate) fn hits(
    pages: &[PageHit],
    request: &Request,
    plan: &Plan,
    passages: &dyn Shown,
    query: Option<&QueryVector>,
    with: Resources<'_>,
) -> Result<Vec<Hit>> {
    let is_semantic = request.highlight == Highlight::Semantic;
    let comparer = with.encoder.map(|encoder| {
        // A search by words alone has no vector of its query yet.
        let encoded = || with.vectors.get(request, &plan.text, encoder, with.table).ok();
        let query = query.cloned().or_else(|| encoded().filter(|_| is_semantic));
        let neighbours = usize::from(with.head.manifest().token_neighbours);
        Comparer { encoder, passages, neighbours, query: query.and_then(|query| query.tokens) }
    });
    let presenter = Presenter { words: &plan.words, request, passages, comparer };
    let mut hits = pages.iter().map(|page| presenter.hit(page)).collect::<Result<Vec<Hit>>>()?;
    if is_semantic {
        let best: Vec<PassageId> = pages.iter().map(|p| p.best.passage).collect();
        // The words stay marked if this fails.
        if let Err(error) = presenter.focus(&plan.text, &best, &mut hits) {
            tracing::error!(%error, "semantic highlighting failed");
        }
    }
    Ok(hits)
}

/// The data that every hit needs.
struct Presenter<'a> {
    words: &'a KeywordQuery,
    request: &'a Request,
    passages: &'a dyn Shown,
    /// Absent without a model.
    comparer: Option<Comparer<'a>>,
}

impl Presenter<'_> {
    fn hit(&self, page: &PageHit) -> Result<Hit> {
        let passage = self.passages.passage(page.best.passage)?;
        Ok(Hit {
            sections: self.sections(page, &passage.url)?,
            snippet: self.snippet(page.best.passage, &passage),
            score: page.probability,
            explain: self.request.explain.then(|| explain(&page.best)),
            other_versions: other_versions(&passage),
            id: passage.source,
            url: passage.url,
            title: passage.title,
            breadcrumbs: passage.headings,
        })
    }

    /// Other sections of the page. Each appears once, even if it was split into several passages.
    fn sections(&self, page: &PageHit, best_url: &str) -> Result<Vec<SectionHit>> {
        let mut sections: Vec<SectionHit> = Vec::new();
        for other in &page.others {
            if sections.len() == SECTIONS {
                break;
            }
            let p = self.passages.passage(other.passage)?;
            if p.url != best_url && sections.iter().all(|s| s.url != p.url) {
                let heading = p.headings.last().unwrap_or(&p.title).clone();
                sections.push(SectionHit { heading, snippet: self.snippet(other.passage, &p), url: p.url });
            }
        }
        Ok(sections)
    }

    fn snippet(&self, id: PassageId, passage: &Passage) -> Snippet {
        let text = snippet::tidy(&passage.text);
        let nearest = || Some(self.comparer.as_ref()?.by_codes(id, passage, &text)?.focus(&text)?.sentence);
        let mark = self.request.highlight != Highlight::None;
        snippet::snippet(&text, passage.lang.as_deref(), self.words, mark, nearest)
    }

    /// Shows the best sentences of the first hits; `best` are the best passages of all hits, `query` is the text of
    /// the query.
    fn focus(&self, query: &str, best: &[PassageId], hits: &mut [Hit]) -> Result<()> {
        let Some(comparer) = &self.comparer else { return Ok(()) };
        let encoding = Encoding::new(comparer.encoder, query, self.words);
        let first = hits.iter_mut().zip(best).take(FOCUSED).collect::<Vec<_>>();
        first.into_par_iter().try_for_each(|(hit, &id)| {
            let passage = self.passages.passage(id)?;
            let text = snippet::tidy(&passage.text);
            let by_codes = comparer.by_codes(id, &passage, &text);
            let compared = by_codes.map_or_else(|| encoding.compared(&text), Ok)?;
            if let Some(focus) = compared.focus(&text) {
                hit.snippet = snippet::focused(&text, passage.lang.as_deref(), self.words, &focus);
            }
            Ok(())
        })
    }
}

/// The number of other versions of the manual that contain a passage's page.
fn other_versions(passage: &Passage) -> Option<u32> {
    passage.metadata.get(OTHER_VERSIONS)?.first()?.parse().ok()
}

fn explain(fused: &Fused) -> Explain {
    let leg = |view: Option<View>| view.map(|v| LegScore { rank: v.rank, score: v.score, share: v.share });
    Explain {
        fused: fused.score,
        semantic: leg(fused.parts.semantic),
        lexical: leg(fused.parts.lexical),
        tokens: leg(fused.parts.tokens),
        coverage: leg(fused.parts.coverage),
        neighbours: leg(fused.parts.neighbours),
    }
}
