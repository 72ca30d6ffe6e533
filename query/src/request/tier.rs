//! How exactly a passage matches.

/// How exactly a passage is what was asked for; a higher tier always comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum Tier {
    /// By its score alone.
    #[default]
    Scored,
    /// It holds every quoted phrase, or the identifier that the query is.
    Phrase,
    /// Its heading is the query.
    Heading,
    /// Its page's title is the query.
    Title,
}
