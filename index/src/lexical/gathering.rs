//! All matches of a query, gathered word by word.
//!
//! A search adds up the scores of one word after another in a table with a cell for each document. That takes a few
//! nanoseconds for each posting. Words such as "the", which most documents have, come last: when enough documents
//! have better scores than these words alone can give, the search only looks them up for documents that may still be
//! among the best (Turtle and Flood, "Query Evaluation: Strategies and Optimizations", 1995, the idea of MaxScore).

use std::sync::{Mutex, PoisonError};

use tantivy::{DocId, SegmentReader, fieldnorm::FieldNormReader, schema::IndexRecordOption};

use super::{
    opened::Opened,
    query::QueryWord,
    weighed::{Counts, Weighed},
};
use crate::{Result, Scored, Selection, best::BestK};

/// The most tables that are kept for later searches.
const KEPT: usize = 4;
/// The share by which rounding may change a sum.
const ROUNDING: f32 = 1e-4;

/// A document of a search.
#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    /// The score of the words before the last one that it has.
    before: f32,
    /// The score of the best term of that word.
    best: f32,
    /// The number of that word, from 1; 0 for a document without any word.
    word: u16,
    /// The number of needed words that it has.
    needed: u16,
}

impl Cell {
    fn score(&self) -> f32 {
        self.before + self.best
    }

    fn add(&mut self, word: u16, score: f32, is_needed: bool) {
        if self.word == word {
            self.best = self.best.max(score);
            return;
        }
        *self = Self { before: self.score(), best: score, word, needed: self.needed + u16::from(is_needed) };
    }
}

/// Tables of earlier searches: clearing the few cells that a search used is cheaper than a new table.
#[derive(Debug, Default)]
pub(super) struct Tables(Mutex<Vec<Vec<Cell>>>);

impl Tables {
    /// An empty table of at least `size` cells.
    fn take(&self, size: usize) -> Vec<Cell> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut table = known.unwrap_or_default();
        table.resize(table.len().max(size), Cell::default());
        table
    }

    /// Takes back an empty table.
    fn keep(&self, table: Vec<Cell>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() < KEPT {
            known.push(table);
        }
    }
}

/// A word of a query with its number.
struct Numbered {
    number: u16,
    is_needed: bool,
    word: Weighed,
}

/// The words of a query, ready to be gathered.
pub(super) struct Gathering<'a> {
    opened: &'a Opened,
    among: Option<&'a Selection>,
    /// The words that carry the subject, and the others.
    subject: Vec<Numbered>,
    others: Vec<Numbered>,
    needed: u16,
}

impl<'a> Gathering<'a> {
    /// Looks up the words of a query; matches are those among the selected passages.
    pub(super) fn new(opened: &'a Opened, words: &[QueryWord], among: Option<&'a Selection>) -> Result<Self> {
        let counts = Counts::of(opened)?;
        let has_subject = words.iter().any(|w| !w.is_stop_word);
        let mut gathering = Self { opened, among, subject: Vec::new(), others: Vec::new(), needed: 0 };
        for (number, word) in (1u32..).zip(words) {
            let carries = !has_subject || !word.is_stop_word;
            let is_needed = carries && word.is_whole();
            gathering.needed = gathering.needed.saturating_add(u16::from(is_needed));
            let number = u16::try_from(number).unwrap_or(u16::MAX);
            let word = Numbered { number, is_needed, word: Weighed::new(opened, &counts, word)? };
            if carries { gathering.subject.push(word) } else { gathering.others.push(word) }
        }
        Ok(gathering)
    }

    /// Offers the matches to `best`, which keeps `k`, and calls `complete` with each passage that has every needed
    /// word.
    pub(super) fn run(&self, tables: &Tables, k: usize, best: &mut BestK, mut complete: impl FnMut(u32)) -> Result<()> {
        for (segment, reader) in self.opened.searcher.segment_readers().iter().enumerate() {
            let mut table = Table::new(self.opened, segment, tables.take(reader.max_doc() as usize))?;
            for word in &self.subject {
                table.add_all(word)?;
            }
            table.complete(self, &mut complete);
            table.add_others(self, k)?;
            table.offer(self, best);
            tables.keep(table.cleared());
        }
        Ok(())
    }

    fn is_found(&self, passage: u32) -> bool {
        self.opened.live.contains(passage) && self.among.is_none_or(|among| among.contains(passage))
    }
}

/// The scores of a segment's documents.
struct Table<'a> {
    opened: &'a Opened,
    reader: &'a SegmentReader,
    lengths: FieldNormReader,
    /// The passage of each document.
    ids: &'a [u32],
    cells: Vec<Cell>,
    /// Documents with a word.
    touched: Vec<DocId>,
}

impl<'a> Table<'a> {
    fn new(opened: &'a Opened, segment: usize, cells: Vec<Cell>) -> Result<Self> {
        let reader = &opened.searcher.segment_readers()[segment];
        let lengths = reader.get_fieldnorms_reader(opened.fields.content).map_err(|e| opened.failed("search", &e))?;
        Ok(Self { opened, reader, lengths, ids: &opened.ids[segment], cells, touched: Vec::new() })
    }

    /// Adds a word to every document that has it.
    fn add_all(&mut self, word: &Numbered) -> Result<()> {
        let opened = self.opened;
        let failed = |e: tantivy::TantivyError| opened.failed("search", &e);
        let index = self.reader.inverted_index(opened.fields.content).map_err(failed)?;
        for (term, weight) in &word.word.terms {
            let found = index.read_block_postings(term, IndexRecordOption::WithFreqs).map_err(|e| failed(e.into()))?;
            let Some(mut block) = found else { continue };
            while block.block_len() > 0 {
                for (&document, &count) in block.docs().iter().zip(block.freqs()) {
                    let cell = &mut self.cells[document as usize];
                    if cell.word == 0 {
                        self.touched.push(document);
                    }
                    cell.add(word.number, weight.score(self.lengths.fieldnorm_id(document), count), word.is_needed);
                }
                block.advance();
            }
        }
        Ok(())
    }

    /// Calls `complete` with the passages that have every needed word, in the order of the segment.
    fn complete(&self, gathering: &Gathering<'_>, complete: &mut impl FnMut(u32)) {
        if gathering.needed == 0 {
            return;
        }
        let has_all = |document: &DocId| self.cells[*document as usize].needed == gathering.needed;
        let mut documents: Vec<DocId> = self.touched.iter().copied().filter(has_all).collect();
        documents.sort_unstable();
        let passages = documents.into_iter().map(|document| self.ids[document as usize]);
        passages.filter(|passage| gathering.is_found(*passage)).for_each(complete);
    }

    /// Adds the words that do not carry the subject: to every document, or only where they may matter.
    fn add_others(&mut self, gathering: &Gathering<'_>, k: usize) -> Result<()> {
        let most: f32 = gathering.others.iter().map(|other| other.word.most()).sum::<f32>() * (1.0 + ROUNDING);
        match self.threshold(gathering, k).filter(|threshold| *threshold > most) {
            None => gathering.others.iter().try_for_each(|word| self.add_all(word)),
            Some(threshold) => {
                let least = threshold * (1.0 - ROUNDING) - most;
                let cells = &self.cells;
                let may_be_best = |document: &DocId| cells[*document as usize].score() >= least;
                let mut documents: Vec<DocId> = self.touched.iter().copied().filter(may_be_best).collect();
                documents.sort_unstable();
                gathering.others.iter().try_for_each(|word| self.add_to(word, &documents))
            }
        }
    }

    /// The score that is the `k`-th best so far; `None` if fewer documents are found.
    fn threshold(&self, gathering: &Gathering<'_>, k: usize) -> Option<f32> {
        let found = self.touched.iter().filter(|d| gathering.is_found(self.ids[**d as usize]));
        let mut scores: Vec<f32> = found.map(|d| self.cells[*d as usize].score()).collect();
        let place = k.checked_sub(1).filter(|place| *place < scores.len() && !gathering.others.is_empty())?;
        Some(*scores.select_nth_unstable_by(place, |a, b| b.total_cmp(a)).1)
    }

    /// Adds a word to some documents, ascending, if they have it.
    fn add_to(&mut self, word: &Numbered, documents: &[DocId]) -> Result<()> {
        let (number, cells) = (word.number, &mut self.cells);
        let add = |place: usize, score| cells[documents[place] as usize].add(number, score, false);
        word.word.each_of(self.opened, self.reader, documents, add)
    }

    fn offer(&self, gathering: &Gathering<'_>, best: &mut BestK) {
        for &document in &self.touched {
            let passage = self.ids[document as usize];
            if gathering.is_found(passage) {
                best.offer(Scored { passage, score: self.cells[document as usize].score() });
            }
        }
    }

    /// The empty table.
    fn cleared(mut self) -> Vec<Cell> {
        self.touched.iter().for_each(|document| self.cells[*document as usize] = Cell::default());
        self.cells
    }
}
