//! The open elements with an anchor, and the anchors of empty elements that wait for a heading.

use ego_tree::NodeId;

use super::shape::Shape;

/// Maximum number of letters outside links between the start of a box and its heading.
const BEFORE_HEADING: usize = 24;

/// An open element with an anchor.
#[derive(Debug, Clone)]
pub(super) struct Open {
    pub(super) node: NodeId,
    pub(super) id: String,
    /// Number of letters before it.
    prose: usize,
    /// Number of pieces before it.
    pub(super) pieces: usize,
    /// Whether a heading has its address, or one has already passed.
    is_taken: bool,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Opened {
    open: Vec<Open>,
    /// Anchors of empty elements since the last text.
    before: Vec<String>,
}

impl Opened {
    /// Opens an element with an anchor, after so many letters and pieces.
    pub(super) fn open(&mut self, node: NodeId, id: &str, prose: usize, pieces: usize) {
        self.open.push(Open { node, id: id.to_owned(), prose, pieces, is_taken: false });
    }

    /// Closes an element; its anchor, if it is an open one.
    pub(super) fn close(&mut self, node: NodeId) -> Option<String> {
        self.open.pop_if(|o| o.node == node).map(|o| o.id)
    }

    /// The anchor of the innermost open element, if it began after so many pieces.
    pub(super) fn innermost(&self, pieces: usize) -> Option<&str> {
        self.open.last().filter(|open| open.pieces == pieces && !open.is_taken).map(|open| open.id.as_str())
    }

    /// The innermost box that a heading opens. No outer one is that of a later heading.
    pub(super) fn box_of(&mut self, heading: NodeId, prose: usize, shape: &Shape) -> Option<Open> {
        let is_box = |o: &&Open| {
            let is_near = prose - o.prose <= BEFORE_HEADING;
            !o.is_taken && o.node != heading && is_near && shape.is_box_of(o.node, heading)
        };
        let found = self.open.iter().rev().find(is_box).cloned();
        self.open.iter_mut().for_each(|o| o.is_taken = true);
        found
    }

    /// Keeps an anchor for the next heading.
    pub(super) fn wait(&mut self, ids: impl IntoIterator<Item = String>) {
        self.before.extend(ids);
    }

    /// Anchors that wait for a heading.
    pub(super) fn waiting(&self) -> &[String] {
        &self.before
    }

    /// The anchors that wait.
    pub(super) fn take_waiting(&mut self) -> Vec<String> {
        std::mem::take(&mut self.before)
    }
}
