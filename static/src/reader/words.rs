//! The files `w`, `x`, `p` and `y`.

use std::collections::{BTreeMap, HashMap};

use cloze_index::{AnalysedWord, Form, analyse, fold, is_stop_word};

use super::{
    Folder,
    overview::{Overview, place},
};
use crate::{Result, bytes::Reader, inverted::beside_its_word};

/// BM25's k1 + 1.
const GAIN: f64 = 2.2;
/// Weight of a word such as "the", and of two neighbours.
const STOP: f64 = 0.5;
/// Weights of a part of an identifier, of neighbouring parts, and of a word inside a name.
const PART: f64 = 0.4;
const JOINED: f64 = 0.3;
const INSIDE: f64 = 0.7;
const PAIR: f64 = 0.3;

/// Scores by passage.
pub(super) type Scores = HashMap<u32, f64>;

/// Passages with a term, and its places in each.
struct Postings {
    passages: Vec<u32>,
    counts: Vec<usize>,
    places: Vec<Vec<u32>>,
    is_far: bool,
}

/// A word of a query.
pub(super) struct Word {
    /// Terms that stand for it, with their weights.
    pub(super) terms: Vec<(String, f64)>,
    pub(super) is_stop: bool,
    position: usize,
    form: Form,
    count: usize,
}

impl Word {
    /// Its terms without those inside of names.
    fn own(&self) -> impl Iterator<Item = &String> {
        self.terms.iter().filter(|(_, weight)| *weight == 1.0).map(|(term, _)| term)
    }
}

/// Words and postings of an export.
pub(super) struct Words<'r> {
    folder: &'r Folder,
    overview: &'r Overview,
}

impl<'r> Words<'r> {
    pub(super) fn new(folder: &'r Folder, overview: &'r Overview) -> Self {
        Self { folder, overview }
    }

    /// The words of a query, each as often as it stands there.
    pub(super) fn analyse(&self, query: &str) -> Result<Vec<Word>> {
        let one = |word: AnalysedWord| {
            let written = &query[word.bytes.clone()];
            let terms = match word.form {
                Form::Joined => [beside_its_word(&word.term), bare(&word.term)].map(|term| (term, 1.0)).into(),
                _ => self.with_inside(&word, self.terms(&fold(written))?.unwrap_or_else(|| vec![word.term.clone()]))?,
            };
            let is_stop = is_stop_word(written);
            Ok(Word { terms, is_stop, position: word.position, form: word.form, count: 1 })
        };
        analyse(query, Some("en")).into_iter().map(one).collect()
    }

    /// The terms of a word, and the same terms inside of names.
    fn with_inside(&self, word: &AnalysedWord, own: Vec<String>) -> Result<Vec<(String, f64)>> {
        let mut inside = Vec::new();
        for term in own.iter().filter(|_| matches!(word.form, Form::Word | Form::Whole)) {
            let within = format!("{term}{}", crate::inverted::INSIDE);
            let (names, alone) = (self.postings(&within)?.passages.len(), self.postings(term)?.passages.len());
            if names > 0 {
                let share = (self.rarity(names + alone) / self.rarity(names)).clamp(0.05, 1.0);
                inside.push((within, INSIDE * share));
            }
        }
        Ok(own.into_iter().map(|term| (term, 1.0)).chain(inside).collect())
    }

    /// The terms of a word in its written form; `None` if the index does not list it.
    fn terms(&self, folded: &str) -> Result<Option<Vec<String>>> {
        let data = self.folder.read('w', place(&self.overview.bounds, folded))?;
        let (mut reader, mut last) = (Reader::new(&data), String::new());
        for _ in 0..reader.number()? {
            last = reader.string_after(&last)?;
            let _passages = reader.number()?;
            let count = reader.number()?;
            let terms = (0..count >> 1).map(|_| reader.string_after(&last)).collect::<Result<Vec<_>>>()?;
            if count & 1 == 1 {
                skip_compounds(&mut reader)?;
            }
            if last == folded {
                let by_rule = || analyse(folded, Some("en")).first().map(|w| vec![w.term.clone()]).unwrap_or_default();
                return Ok(Some(if terms.is_empty() { by_rule() } else { terms }));
            }
        }
        Ok(None)
    }

    /// The postings of a term; empty if the index does not have it.
    fn postings(&self, term: &str) -> Result<Postings> {
        let number = place(&self.overview.bounds, term);
        let data = self.folder.read('w', number)?;
        let mut reader = Reader::new(&data);
        skip_words(&mut reader)?;
        let (mut last, mut inline) = (String::new(), 0);
        for _ in 0..reader.number()? {
            last = reader.string_after(&last)?;
            let (passages, at) = (reader.number()?, reader.number()?);
            let is_far = at & 1 == 1;
            let near = if is_far { &[][..] } else { reader.raw(at >> 1)? };
            if last == term {
                let list = if is_far { self.folder.read('x', at >> 2)? } else { near.to_vec() };
                let places = match (is_far, at & 2 == 2) {
                    (true, true) => self.folder.read('y', at >> 2)?,
                    (true, false) => Vec::new(),
                    (false, _) => self.inline_places(number, inline)?,
                };
                return parse(&list, passages, &places, is_far);
            }
            inline += usize::from(!is_far);
        }
        parse(&[], 0, &[], false)
    }

    fn inline_places(&self, number: usize, inline: usize) -> Result<Vec<u8>> {
        let data = self.folder.read('p', number)?;
        let mut reader = Reader::new(&data);
        for _ in 0..inline {
            let length = reader.number()?;
            reader.raw(length)?;
        }
        let length = reader.number()?;
        Ok(reader.raw(length)?.to_vec())
    }

    fn rarity(&self, passages: usize) -> f64 {
        let (all, passages) = (self.overview.passages as f64, passages as f64);
        (1.0 + (all - passages + 0.5) / (passages + 0.5)).ln()
    }

    /// BM25 of all passages that have one of the words. Long lists of words such as "the" do not count.
    pub(super) fn scores(&self, words: &[Word]) -> Result<Scores> {
        let mut scores = Scores::new();
        let are_all_stop = words.iter().all(|word| word.is_stop);
        for word in distinct(words) {
            let mut best = BTreeMap::<u32, f64>::new();
            for (term, of) in &word.terms {
                let list = self.postings(term)?;
                if word.is_stop && list.is_far && !are_all_stop {
                    continue;
                }
                let idf = self.rarity(list.passages.len());
                for (&passage, &count) in list.passages.iter().zip(&list.counts) {
                    let score = of * ((idf * GAIN * count as f64) / (count as f64 + self.overview.norm(passage)));
                    let known = best.entry(passage).or_default();
                    *known = known.max(score);
                }
            }
            let weight = word.count as f64 * form_weight(word.form) * if word.is_stop { STOP } else { 1.0 };
            best.into_iter().for_each(|(passage, score)| *scores.entry(passage).or_default() += weight * score);
        }
        Ok(scores)
    }

    /// Scores of neighbours in the query that are neighbours in a passage.
    pub(super) fn pair_scores(&self, words: &[Word]) -> Result<Scores> {
        let plain: Vec<&Word> = words.iter().filter(|word| word.form == Form::Word).collect();
        let (mut scores, mut seen) = (Scores::new(), Vec::new());
        for pair in plain.windows(2).filter(|pair| !pair[0].is_stop && !pair[1].is_stop) {
            let terms = [&pair[0].terms[0].0, &pair[1].terms[0].0];
            if seen.contains(&terms) {
                continue;
            }
            seen.push(terms);
            let [first, second] = [self.postings(terms[0])?, self.postings(terms[1])?];
            let idf = 0.0 + self.rarity(first.passages.len()) + self.rarity(second.passages.len());
            let distance = (pair[1].position - pair[0].position) as u32;
            for (i, &passage) in first.passages.iter().enumerate() {
                let Ok(j) = second.passages.binary_search(&passage) else { continue };
                let is_met = |place: &&u32| second.places[j].contains(&(**place + distance));
                let count = first.places[i].iter().filter(is_met).count() as f64;
                if count > 0.0 {
                    let score = (PAIR * GAIN * idf * count) / (count + self.overview.norm(passage));
                    *scores.entry(passage).or_default() += score;
                }
            }
        }
        Ok(scores)
    }

    /// The share of the query's subject that a passage has, each word weighted by its rarity.
    pub(super) fn coverage(&self, words: &[Word], passage: u32) -> Result<f64> {
        let has_others = words.iter().any(|word| !word.is_stop);
        let (mut all, mut found) = (0.0, 0.0);
        for word in distinct(words).into_iter().filter(|w| w.form == Form::Word && !(has_others && w.is_stop)) {
            let lists = word.terms.iter().map(|(term, _)| self.postings(term)).collect::<Result<Vec<_>>>()?;
            let most = lists.iter().map(|list| list.passages.len()).max().unwrap_or_default();
            all += self.rarity(most);
            if lists.iter().any(|list| list.passages.binary_search(&passage).is_ok()) {
                found += self.rarity(most);
            }
        }
        Ok(if all > 0.0 { found / all } else { 0.0 })
    }
}

fn form_weight(form: Form) -> f64 {
    match form {
        Form::Part => PART,
        Form::Joined => JOINED,
        Form::Word | Form::Whole | Form::Symbol => 1.0,
    }
}

/// A term inside a name, as it is outside of names.
fn bare(term: &str) -> String {
    term.trim_start_matches(crate::inverted::INSIDE).to_owned()
}

/// Each word once, with its count.
fn distinct(words: &[Word]) -> Vec<Word> {
    let mut out: Vec<Word> = Vec::new();
    for word in words {
        match out.iter_mut().find(|known| known.own().eq(word.own())) {
            Some(known) if form_weight(known.form) < form_weight(word.form) => {
                (known.form, known.terms) = (word.form, word.terms.clone());
            }
            Some(known) => known.count += usize::from(known.form == word.form),
            None => out.push(Word { terms: word.terms.clone(), ..*word }),
        }
    }
    out
}

fn skip_words(reader: &mut Reader<'_>) -> Result<()> {
    let mut last = String::new();
    for _ in 0..reader.number()? {
        last = reader.string_after(&last)?;
        reader.number()?;
        let count = reader.number()?;
        (0..count >> 1).try_for_each(|_| reader.skip_string())?;
        if count & 1 == 1 {
            skip_compounds(reader)?;
        }
    }
    Ok(())
}

fn skip_compounds(reader: &mut Reader<'_>) -> Result<()> {
    for numbers in [1, 0] {
        for _ in 0..reader.number()? {
            reader.skip_string()?;
            (0..numbers).try_for_each(|_| reader.number().map(drop))?;
        }
    }
    Ok(())
}

fn parse(list: &[u8], count: usize, places: &[u8], is_far: bool) -> Result<Postings> {
    let (mut list, mut at, mut last) = (Reader::new(list), Reader::new(places), 0);
    let mut out = Postings { passages: Vec::new(), counts: Vec::new(), places: Vec::new(), is_far };
    for _ in 0..count {
        let number = list.number()?;
        last += (number >> 1) as u32;
        let count = if number & 1 == 1 { 1 } else { list.number()? };
        let mut place = 0;
        // Words such as "the" have no places.
        let places = (0..if places.is_empty() { 0 } else { count }).map(|_| {
            Ok({
                place += at.number()? as u32;
                place
            })
        });
        out.places.push(places.collect::<Result<Vec<u32>>>()?);
        out.passages.push(last);
        out.counts.push(count);
    }
    Ok(out)
}
