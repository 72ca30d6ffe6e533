//! The vocabulary that tantivy's segments hold.

use std::collections::HashMap;

use tantivy::{
    DocSet, TERMINATED,
    query::Bm25StatisticsProvider,
    schema::{Field, IndexRecordOption},
};

use super::{
    automaton::Walk,
    compounding::{LOOKED_AT, is_candidate, is_compounding},
    opened::Opened,
    schema,
    vocabulary::{Kind, Vocabulary},
};
use crate::{PassageId, Result, Selection};

impl Opened {
    fn field(&self, kind: Kind) -> Field {
        match kind {
            Kind::Content => self.fields.content,
            Kind::Words => self.fields.words,
            Kind::Verbatim => self.fields.verbatim,
            Kind::Metadata => self.fields.metadata,
        }
    }
}

impl Vocabulary for Opened {
    fn languages(&self) -> &[String] {
        &self.languages
    }

    fn page_of(&self, id: PassageId) -> u32 {
        self.page_of(id)
    }

    fn totals(&self) -> Result<(u64, u64)> {
        let words = self.statistics.total_num_tokens(self.fields.content);
        Ok((self.live.len() as u64, words.map_err(|e| self.failed("count its words", &e))?))
    }

    fn passages_with(&self, kind: Kind, term: &str) -> Result<u64> {
        self.documents_with(self.field(kind), term)
    }

    fn verbatim(&self, term: &str) -> Result<Vec<PassageId>> {
        let mut found = Vec::new();
        self.each(&self.raw(self.fields.verbatim, term), |passage, _| found.push(passage))?;
        Ok(found)
    }

    fn each_from(&self, kind: Kind, prefix: &str, take: &mut dyn FnMut(&str, u32) -> bool) -> Result<()> {
        let failed = |e: tantivy::TantivyError| self.failed("list words", &e);
        for reader in self.searcher.segment_readers() {
            let terms = reader.inverted_index(self.field(kind)).map_err(failed)?;
            let range = terms.terms().range().ge(prefix.as_bytes());
            let mut stream = range.into_stream().map_err(|e| failed(e.into()))?;
            while stream.advance() && stream.key().starts_with(prefix.as_bytes()) {
                if !take(&String::from_utf8_lossy(stream.key()), stream.value().doc_freq) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn compounding_words(&self) -> Result<HashMap<String, u64>> {
        let is_mixed = self.languages.iter().any(|language| !is_compounding(language));
        let among = if is_mixed { Some(passages_in(self)?) } else { None };
        dictionary(self, among.as_ref()).map_err(|e| self.failed("read the dictionary", &e))
    }

    fn each_near(&self, walk: &Walk, take: &mut dyn FnMut(&str, u32)) -> Result<()> {
        let failed = |e: tantivy::TantivyError| self.failed("look up near words", &e);
        for reader in self.searcher.segment_readers() {
            let index = reader.inverted_index(self.fields.words).map_err(failed)?;
            let mut stream = index.terms().search(walk).into_stream().map_err(|e| failed(e.into()))?;
            while stream.advance() {
                let Ok(term) = std::str::from_utf8(stream.key()) else { continue };
                take(term, stream.value().doc_freq);
            }
        }
        Ok(())
    }
}

/// Passages of pages in languages that have compounds.
fn passages_in(opened: &Opened) -> Result<Selection> {
    let mut found = Selection::none(opened.addresses.len());
    for term in opened.terms_from(opened.fields.metadata, &schema::metadata_term("lang", ""))?.into_keys() {
        if schema::metadata_parts(&term).is_some_and(|(_, language)| is_compounding(language)) {
            opened.each(&opened.raw(opened.fields.metadata, &term), |passage, _| found.insert(passage))?;
        }
    }
    Ok(found)
}

/// Words of letters with the number of passages that have them; `among` says in which passages one has to occur.
fn dictionary(opened: &Opened, among: Option<&Selection>) -> tantivy::Result<HashMap<String, u64>> {
    let mut words: HashMap<String, u64> = HashMap::new();
    for (segment, reader) in opened.searcher.segment_readers().iter().enumerate() {
        let index = reader.inverted_index(opened.fields.words)?;
        let mut stream = index.terms().stream()?;
        while stream.advance() {
            let Ok(word) = std::str::from_utf8(stream.key()) else { continue };
            if !is_candidate(word) {
                continue;
            }
            if let Some(among) = among {
                let mut postings = index.read_postings_from_terminfo(stream.value(), IndexRecordOption::Basic)?;
                let mut looked_at = 0;
                while postings.doc() != TERMINATED
                    && looked_at < LOOKED_AT
                    && !among.contains(opened.ids[segment][postings.doc() as usize])
                {
                    postings.advance();
                    looked_at += 1;
                }
                if postings.doc() == TERMINATED || looked_at == LOOKED_AT {
                    continue;
                }
            }
            *words.entry(word.to_owned()).or_default() += u64::from(stream.value().doc_freq);
        }
    }
    Ok(words)
}
