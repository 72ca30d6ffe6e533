//! The candidates of one search, in one round or, if nothing is near in meaning, two.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use cloze_index::{
    KeywordHits, PassageId, Result, Selection,
    body::{Ask, Candidates, Near, Proposal, Words},
    side_by_side,
};

use crate::{
    ClusterBody,
    answers::Answer,
    candidates::ClusterCandidates,
    legs::{self, WordLeg},
    narrow::Narrow,
    round::{Asked, Round, fields},
};

/// A search whose words are known.
pub(crate) struct Search<'b, 'a> {
    body: &'b ClusterBody,
    ask: &'a dyn Ask,
    words: Words,
    vector: Option<Arc<[f32]>>,
    wants_words: bool,
    leg: Option<WordLeg>,
    /// The leg that answers if nothing is near.
    subject: Option<WordLeg>,
}

impl<'b, 'a> Search<'b, 'a> {
    /// `None` if the search failed on its own side.
    pub(crate) fn of(body: &'b ClusterBody, ask: &'a dyn Ask) -> Result<Option<Self>> {
        // Both are computed here, while nothing is known of the other.
        let (_, words) = side_by_side(|| ask.ahead(), || ask.words());
        let Some(words) = words else { return Ok(None) };
        let vector = if words.is_list { None } else { ask.vector() };
        let wants_words = !words.is_list && (words.propose || vector.is_none());
        let leg_of = |query, is_wanted: bool| match is_wanted {
            true => WordLeg::of(body, query, ask.depth(), words.extent),
            false => Ok(None),
        };
        let leg = leg_of(&words.query, wants_words)?;
        let subject = leg_of(&words.subject, words.fall_back && vector.is_some())?;
        Ok(Some(Self { body, ask, words, vector, wants_words, leg, subject }))
    }

    /// The candidates.
    pub(crate) fn propose(self) -> Result<Proposal<'b>> {
        let (round, took) = self.round()?;
        let places = &round.places;
        let with = ClusterCandidates::new(self.body).with_links(round.ids(places.listed.map(|(_, links)| links)));
        for (_, ahead) in [places.phrases, places.exact].into_iter().flatten() {
            round.at(Some(ahead)).map_or(Ok(Vec::new()), |answer| with.take(answer))?;
        }
        // A phrase that no passage holds has no answer, even if passages have some of its words.
        let none_holds = self.words.only_phrases && round.at(places.held).is_some_and(|answer| answer.total() == 0);
        let hits = self.hits(&round, none_holds, &with)?;
        let near = self.near(&round, none_holds, took, &with)?;
        let phrases: Vec<PassageId> = round.ids(places.phrases.map(|(all, _)| all)).collect();
        let is_narrow = none_holds || !round.narrow.is_all();
        let among = is_narrow.then(|| self.found(&round, &phrases, hits.as_ref(), near.as_ref()));
        let best = hits.as_ref().and_then(|hits| hits.hits.first());
        let together = best.map(|best| with.coverage(&self.words.subject, &[best.passage])).transpose()?;
        let together = together.and_then(|shares| shares.first().copied());
        let mut proposal = Proposal {
            among,
            phrases: if none_holds { Vec::new() } else { phrases },
            words_took: hits.is_some().then_some(took),
            near,
            failed: None,
            words: hits,
            covered: together,
            scores: Vec::new(),
            abstained: false,
            candidates: Box::new(ClusterCandidates::new(self.body)),
        };
        if let Some(near) = &mut proposal.near
            && !self.ask.is_near(near.nearest.first().map(|nearest| nearest.score), together)
        {
            (near.nearest, near.counted) = (Vec::new(), Vec::new());
            (proposal.abstained, proposal.covered) = (true, None);
            proposal.words = self.without_meaning(&round, none_holds, proposal.words, &with)?;
        }
        proposal.candidates = Box::new(with);
        Ok(proposal)
    }

    /// Asks for all at once.
    fn round(&self) -> Result<(Round, Duration)> {
        let (words, is_second) = (&self.words, self.words.is_second);
        // A search that asked about mistyped words gets all at once: neither its second look nor its fall-back asks
        // anything then.
        let with_codes = self.body.has_codes() && is_second && !words.is_list;
        let asked = Asked {
            words,
            leg: self.leg.as_ref(),
            fall_back: self.subject.as_ref().filter(|_| is_second && !self.is_subject_known()),
            near: self.vector.as_deref().map(|vector| (vector, self.ask.depth().max(self.ask.counted()))),
            fields: fields(with_codes),
        };
        let narrow = Narrow::of(words, self.body.head(), self.body.members().clone())?;
        let started = Instant::now();
        Ok((self.body.round(&asked, narrow)?, started.elapsed()))
    }

    /// Whether the leg that answers if nothing is near finds what the other one finds.
    fn is_subject_known(&self) -> bool {
        self.leg.as_ref().is_some_and(|leg| leg.is_also_of(&self.words.subject))
    }

    fn hits(&self, round: &Round, none_holds: bool, with: &ClusterCandidates<'_>) -> Result<Option<KeywordHits>> {
        Ok(match (self.wants_words, &self.leg, round.places.words) {
            (true, Some(leg), Some(places)) if !none_holds => {
                Some(leg.hits(self.body, &round.answers, places, with)?)
            }
            (true, ..) => Some(KeywordHits::default()),
            _ => self.words.is_list.then(KeywordHits::default),
        })
    }

    fn near(
        &self,
        round: &Round,
        none_holds: bool,
        took: Duration,
        with: &ClusterCandidates<'_>,
    ) -> Result<Option<Near>> {
        let (Some(vector), Some(answer)) = (self.vector.clone(), round.at(round.places.near)) else { return Ok(None) };
        let mut nearest = if none_holds { Vec::new() } else { legs::nearest(&vector, answer, with)? };
        let counted = nearest.iter().take(self.ask.counted()).copied().collect();
        nearest.truncate(self.ask.depth());
        Ok(Some(Near { vector, nearest, counted, took }))
    }

    /// All passages of the answers.
    fn found(
        &self,
        round: &Round,
        phrases: &[PassageId],
        hits: Option<&KeywordHits>,
        near: Option<&Near>,
    ) -> Selection {
        let mut found: Vec<PassageId> = round.ids(round.places.listed.map(|(all, _)| all)).collect();
        found.extend(round.ids(round.places.exact.map(|(all, _)| all)));
        found.extend(phrases);
        found.extend(hits.iter().flat_map(|hits| &hits.hits).map(|hit| hit.passage));
        found.extend(near.iter().flat_map(|near| &near.nearest).map(|hit| hit.passage));
        Selection::of(self.body.head().manifest().counts.numbers as usize, found)
    }

    /// The hits by words if no passage is near in meaning.
    fn without_meaning(
        &self,
        round: &Round,
        none_holds: bool,
        hits: Option<KeywordHits>,
        with: &ClusterCandidates<'_>,
    ) -> Result<Option<KeywordHits>> {
        let found = match (&self.subject, round.places.fall_back) {
            _ if !self.words.fall_back => KeywordHits::default(),
            _ if none_holds || self.is_subject_known() => return Ok(hits),
            (None, _) => KeywordHits::default(),
            (Some(subject), Some(places)) => subject.hits(self.body, &round.answers, places, with)?,
            (Some(subject), None) => {
                let phrases = round.ids(round.places.phrases.map(|(all, _)| all));
                let others: Vec<PassageId> = self.words.exact.iter().copied().chain(phrases).collect();
                self.body.fall_back(subject, &round.narrow, &others, with)?
            }
        };
        Ok(Some(found))
    }
}

impl Round {
    /// The answer at a place.
    fn at(&self, place: Option<usize>) -> Option<&Answer> {
        self.answers.get(place?)
    }

    /// The passages of the answer at a place.
    fn ids(&self, place: Option<usize>) -> impl Iterator<Item = PassageId> + '_ {
        self.at(place).into_iter().flat_map(Answer::ids)
    }
}
