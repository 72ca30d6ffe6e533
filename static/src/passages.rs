//! The passages of a generation in the order of an export: page by page, numbered without gaps.

use cloze_index::{Generation, Passage, PassageId, fold, passage::SUPERSEDED};

use crate::Result;

/// A page with its passages from top to bottom.
#[derive(Debug)]
pub(crate) struct Page {
    /// Number of its first passage in the export.
    pub(crate) first: u32,
    /// Its passages, with their numbers in the generation.
    pub(crate) passages: Vec<(PassageId, Passage)>,
}

impl Page {
    /// Its passages with their numbers in the export.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (u32, &Passage)> {
        (self.first..).zip(self.passages.iter().map(|(_, passage)| passage))
    }

    /// Whether a newer version of the manual supersedes it.
    pub(crate) fn is_superseded(&self) -> bool {
        let of = |p: &Passage| p.metadata.get(SUPERSEDED).is_some_and(|v| v.iter().any(|v| v == "true"));
        self.passages.first().is_some_and(|(_, passage)| of(passage))
    }
}

/// All pages of a generation that have passages.
pub(crate) fn pages(generation: &Generation) -> Result<Vec<Page>> {
    let (mut pages, mut first) = (Vec::new(), 0);
    for record in generation.pages()? {
        let live = record.passages.iter().map(|(id, _)| *id).filter(|id| generation.is_live(*id));
        let passages = live.map(|id| Ok((id, generation.passage(id)?))).collect::<Result<Vec<_>>>()?;
        if !passages.is_empty() {
            let count = passages.len() as u32;
            pages.push(Page { first, passages });
            first += count;
        }
    }
    Ok(pages)
}

/// The form of a title or heading for comparison with a query: lower case, without accents, with single spaces, and
/// without punctuation at its end.
pub(crate) fn title_key(text: &str) -> String {
    let tidy = text.split_whitespace().collect::<Vec<_>>().join(" ");
    fold(tidy.trim_end_matches(['.', '?', '!', ':', ';', ',']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_compared_without_accents_and_final_marks() {
        assert_eq!(title_key("  What is  Café? "), "what is cafe");
        assert_eq!(title_key("C++"), "c++");
    }
}
