//! One batch with everything that a search asks for its candidates.

use cloze_index::{Result, body::Words, passage::LINKS};
use serde_json::json;

use crate::{
    ClusterBody,
    answers::Answer,
    batch::Batch,
    legs::{LegPlaces, MOST_COUNTED, WordLeg},
    mapping::MOST_TERMS,
    narrow::{Narrow, with_metadata},
    phrase::phrase,
    questions::{self, CARRIED, CODES, Fields, MOST_HITS, PAGES},
};

/// Exact matches and matches by phrase whose data comes with the first answer; those of others are asked for when
/// they are scored.
const AT_ONCE: usize = 200;
/// Pages with excluded words are taken out of answers that are so many times as long as needed.
const SPARE: usize = 2;

/// What a search asks for.
pub(crate) struct Asked<'a> {
    pub(crate) words: &'a Words,
    pub(crate) leg: Option<&'a WordLeg>,
    /// The leg that answers if nothing is near, if it is asked for at once.
    pub(crate) fall_back: Option<&'a WordLeg>,
    /// The vector of the query, and how many of the nearest.
    pub(crate) near: Option<(&'a [f32], usize)>,
    /// The fields that come with candidates.
    pub(crate) fields: Fields,
}

/// The places of the answers in a batch.
#[derive(Default)]
pub(crate) struct Places {
    pub(crate) words: Option<LegPlaces>,
    pub(crate) fall_back: Option<LegPlaces>,
    pub(crate) near: Option<usize>,
    /// Passages of a list: all, and those that are lists of links.
    pub(crate) listed: Option<(usize, usize)>,
    /// Passages with every phrase: all, and the first ones with their data.
    pub(crate) phrases: Option<(usize, usize)>,
    /// Passages with every phrase, whatever the filters.
    pub(crate) held: Option<usize>,
    pub(crate) exact: Option<(usize, usize)>,
    /// Pages with excluded words.
    excluded: Vec<usize>,
}

/// The answers to a batch.
pub(crate) struct Round {
    pub(crate) answers: Vec<Answer>,
    pub(crate) places: Places,
    /// The conditions, with all that came out of the batch.
    pub(crate) narrow: Narrow,
}

/// The fields of candidates whose codes of tokens should come with them.
pub(crate) fn fields(with_codes: bool) -> Fields {
    if with_codes { &[CARRIED, CODES] } else { &[CARRIED] }
}

impl ClusterBody {
    /// Asks for everything at once. The pages with excluded words are asked for in the same batch, and taken out of its
    /// answers. Only if too little is left, all is asked again without these pages.
    pub(crate) fn round(&self, asked: &Asked<'_>, narrow: Narrow) -> Result<Round> {
        let (batch, places) = self.questions(asked, &narrow, true);
        let mut answers = self.ask(&batch)?;
        let pages = self.excluded(&places, &answers)?;
        if pages.is_empty() {
            return Ok(Round { answers, places, narrow });
        }
        let mut is_whole = true;
        for (at, answer) in answers.iter_mut().enumerate().filter(|(at, _)| !places.is_of_everything(*at)) {
            let page_of = |id| self.head().page_of(id);
            is_whole &= answer.leave_out(&pages, page_of, batch.size(at), places.wanted(at, batch.size(at)));
        }
        let narrow = narrow.without_pages(&pages);
        if is_whole {
            return Ok(Round { answers, places, narrow });
        }
        let (batch, places) = self.questions(asked, &narrow, false);
        Ok(Round { answers: self.ask(&batch)?, places, narrow })
    }

    /// The pages with excluded words, ascending.
    fn excluded(&self, places: &Places, answers: &[Answer]) -> Result<Vec<u32>> {
        let counts = places.excluded.iter().filter_map(|place| answers.get(*place)?.counts(PAGES));
        let mut pages = Vec::new();
        for counts in counts {
            if counts.others > 0 {
                return Err(self.refused(format!("an excluded word is on more than {MOST_COUNTED} pages")));
            }
            pages.extend(counts.buckets.iter().filter_map(|bucket| bucket.page()));
        }
        pages.sort_unstable();
        pages.dedup();
        if pages.len() > MOST_TERMS {
            return Err(self.refused(format!("excluded words are on more than {MOST_TERMS} pages")));
        }
        Ok(pages)
    }

    /// Adds everything to one batch; with `exclude` also the pages with excluded words.
    fn questions(&self, asked: &Asked<'_>, narrow: &Narrow, exclude: bool) -> (Batch, Places) {
        let (mut batch, mut places) = (Batch::new(self.index()), Places::default());
        let mut add = |question| batch.add(&question);
        let Asked { words, fields, .. } = asked;
        if exclude {
            let all = self.all();
            let excluded = words.query.excluded().iter();
            places.excluded = excluded.map(|forms| add(questions::pages_with(forms, MOST_COUNTED, &all))).collect();
        }
        let spare = if places.excluded.is_empty() { 1 } else { SPARE };
        let both = |narrow: &Narrow, add: &mut dyn FnMut(serde_json::Value) -> usize| {
            let all = add(questions::listed(narrow, MOST_HITS, &[]));
            (all, add(questions::listed(narrow, AT_ONCE, fields)))
        };
        if words.is_list && !narrow.is_all() {
            let links = narrow.and(with_metadata(LINKS));
            places.listed =
                Some((add(questions::listed(narrow, MOST_HITS, &[])), add(questions::listed(&links, MOST_HITS, &[]))));
        }
        places.words = asked.leg.map(|leg| leg.ask(narrow, spare, fields, &mut add));
        places.fall_back = asked.fall_back.map(|leg| leg.ask(narrow, spare, fields, &mut add));
        let nearest = |(vector, k): (&[f32], usize)| self.nearest_to(vector, spare * k, fields, narrow);
        places.near = asked.near.map(nearest).map(&mut add);
        if words.query.has_phrases() {
            let phrases = words.query.phrases().iter().map(|forms| phrase(forms));
            let held = phrases.clone().fold(self.all(), |all, phrase| all.and(phrase));
            let narrowed = phrases.fold(narrow.clone(), |all, phrase| all.and(phrase));
            places.phrases = Some(both(&narrowed, &mut add));
            places.held = words.only_phrases.then(|| add(questions::listed(&held, 0, &[])));
        }
        if !words.exact.is_empty() {
            let few = &words.exact[..words.exact.len().min(MOST_HITS)];
            places.exact = Some(both(&narrow.and(json!({"terms": {"id": few}})), &mut add));
        }
        (batch, places)
    }
}

impl Places {
    /// Whether an answer counts pages with excluded words too.
    fn is_of_everything(&self, place: usize) -> bool {
        self.held == Some(place) || self.excluded.contains(&place)
    }

    /// How many hits of an answer of this size are needed.
    fn wanted(&self, place: usize, size: usize) -> usize {
        let legs = self.words.iter().chain(&self.fall_back);
        let is_spare =
            self.near == Some(place) || legs.into_iter().any(|leg| leg.hits == place || leg.pages == Some(place));
        let is_ahead = [self.phrases, self.exact].into_iter().flatten().any(|(_, ahead)| ahead == place);
        match (is_spare, is_ahead) {
            (true, _) => size / SPARE,
            (false, true) => 0,
            (false, false) => size,
        }
    }
}
