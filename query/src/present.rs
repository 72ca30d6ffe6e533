//! Pages as they are shown: snippets, sections, best sentences, and how a score came about.

use cloze_index::{KeywordQuery, Passage, PassageId};
use rayon::prelude::*;

use crate::{
    Engine, Highlight, Request, Result,
    fuse::{self, Fused},
    highlight::Highlighter,
    json::{Explain, Hit, LegScore, SectionHit, Snippet},
    pages::PageHit,
    plan::Plan,
    side_by_side::side_by_side,
    snippet,
};

/// Hits that are encoded again to find their best sentences.
const FOCUSED: usize = 5;

/// Other sections shown under a page.
const SECTIONS: usize = 3;

impl Engine {
    /// Pages as they are shown.
    pub(crate) fn hits(&self, pages: &[PageHit], words: &KeywordQuery, request: &Request) -> Result<Vec<Hit>> {
        let show = |pages: &[PageHit]| -> Result<Vec<Hit>> {
            pages.iter().map(|page| self.hit(page, words, request)).collect()
        };
        let (upper, lower) = pages.split_at(pages.len() / 2);
        let (upper, lower) = side_by_side(|| show(upper), || show(lower));
        let mut hits = upper?;
        hits.extend(lower?);
        Ok(hits)
    }

    /// A page as it is shown.
    fn hit(&self, page: &PageHit, words: &KeywordQuery, request: &Request) -> Result<Hit> {
        let passage = self.generation().passage(page.best.passage)?;
        Ok(Hit {
            sections: self.sections(page, &passage.url, words, request)?,
            snippet: shown(&passage, words, request.highlight),
            score: page.probability,
            explain: request.explain.then(|| explain(&page.best)),
            id: passage.source,
            url: passage.url,
            title: passage.title,
            breadcrumbs: passage.headings,
        })
    }

    /// Shows the best sentences of the first hits, `passages` being theirs.
    pub(crate) fn focus(&self, plan: &Plan, passages: &[PassageId], hits: &mut [Hit]) -> Result<()> {
        let Some(encoder) = self.encoder() else { return Ok(()) };
        let highlighter = Highlighter::new(encoder, &plan.text, &plan.words)?;
        let first = hits.iter_mut().zip(passages).take(FOCUSED).collect::<Vec<_>>();
        first.into_par_iter().try_for_each(|(hit, &passage)| {
            let passage = self.generation().passage(passage)?;
            let text = snippet::tidy(&passage.text);
            if let Some(focus) = highlighter.focus(&text)? {
                hit.snippet = snippet::focused(&text, passage.lang.as_deref(), &plan.words, &focus);
            }
            Ok(())
        })
    }

    /// Other places of the page, each once, however many passages it was split into.
    fn sections(
        &self,
        page: &PageHit,
        best_url: &str,
        words: &KeywordQuery,
        request: &Request,
    ) -> Result<Vec<SectionHit>> {
        let mut sections: Vec<SectionHit> = Vec::new();
        for other in &page.others {
            let p = self.generation().passage(other.passage)?;
            if sections.len() == SECTIONS {
                break;
            }
            if p.url != best_url && sections.iter().all(|s| s.url != p.url) {
                let heading = p.headings.last().unwrap_or(&p.title).clone();
                sections.push(SectionHit { heading, snippet: shown(&p, words, request.highlight), url: p.url });
            }
        }
        Ok(sections)
    }
}

fn shown(passage: &Passage, words: &KeywordQuery, highlight: Highlight) -> Snippet {
    let text = snippet::tidy(&passage.text);
    snippet::snippet(&text, passage.lang.as_deref(), words, highlight != Highlight::None)
}

fn explain(fused: &Fused) -> Explain {
    let leg = |view: Option<fuse::View>| view.map(|v| LegScore { rank: v.rank, score: v.score, share: v.share });
    Explain { fused: fused.score, semantic: leg(fused.semantic), lexical: leg(fused.lexical) }
}
