//! The heading or the name of an entry that the reader is inside of.

use ego_tree::NodeId;

use super::{anchors::Candidates, entries, shape::Shape, words::Block};

/// See the module.
pub(super) struct Name {
    pub(super) node: NodeId,
    /// Level of a heading; `None` for an entry.
    pub(super) level: Option<u8>,
    pub(super) anchors: Candidates,
    /// The box that it opens.
    pub(super) outer: Option<NodeId>,
    /// Whether it is a term of a list, followed by its definition.
    pub(super) is_term: bool,
    /// What stands before it on its line of preformatted text.
    pub(super) line: Option<String>,
}

impl Name {
    /// Its words, from the block that it was read into.
    pub(super) fn text(block: &Block) -> String {
        let text = block.text.split_whitespace().collect::<Vec<_>>().join(" ");
        // Generators put a self-link inside the heading, shown as one of these characters.
        let text = text.trim_end_matches(['#', '¶', '\u{200b}', '🔗', ' ', '|']);
        text.trim_start_matches(['#', '§', ' ']).to_owned()
    }

    /// Its words with those before it on its line.
    pub(super) fn whole_line(&self, text: &str) -> String {
        format!("{}{text}", self.line.as_deref().unwrap_or_default())
    }

    /// Its address.
    pub(super) fn anchor(&self, text: &str, shape: &Shape) -> Option<String> {
        self.anchors.clone().choose(text, |id| shape.ids.contains(id), |id| shape.used.contains(id))
    }

    /// Whether it can be the name of an entry. The terms of an index link to the occurrences of a word; an anchor marks
    /// each initial letter above.
    pub(super) fn is_entry(&self, text: &str, block: &Block) -> bool {
        let is_own = || block.leads_to.as_ref().is_some_and(|place| self.anchors.has(place));
        let is_reference = block.linked * 2 >= block.letters && self.anchors.permalink.is_none() && !is_own();
        entries::is_name(text) && !is_reference
    }
}
