//! How exactly a passage matches.

/// The exactness of a match; a higher tier always comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum Tier {
    /// No exact match: the score alone counts.
    #[default]
    Scored,
    /// It contains every quoted phrase, or the query is an identifier that it contains.
    Phrase,
    /// Its heading is the query.
    Heading,
    /// Its page's title is the query.
    Title,
}
