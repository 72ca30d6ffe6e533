//! Counts the text, links and headings of each element of a page.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use ego_tree::{NodeId, iter::Edge};
use scraper::{ElementRef, Node};

use super::{anchors::own_id, elements::heading_level, own_links::target, unseen::is_unseen, words::letters};

/// Share of an element's prose, in percent, that makes a child the relevant element.
const MAIN: u32 = 60;

/// Maximum number of elements between a heading and the element that holds its text.
const WRAPPERS: usize = 8;

/// Maximum number of letters and digits of a signature.
pub(super) const SIGNATURE: u32 = 160;

/// Skipped elements that are often the whole content of a link to a place.
const ICONS: [&str; 5] = ["svg", "canvas", "span", "i", "a"];

/// Maximum number of headings of smaller boxes that are examined in one box.
const NOTES: usize = 64;

/// Elements used for page layout.
const BOXES: [&str; 10] = ["article", "body", "center", "div", "main", "section", "table", "tbody", "td", "tr"];

/// The totals before a place of the page.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    letters: u32,
    linked: u32,
    headings: u32,
    /// Skipped boxes: forms, scripts, navigation.
    skipped: u32,
}

/// The totals of an element: the difference between its end and its start.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Extent {
    start: Counts,
    end: Counts,
}

impl Extent {
    /// Letters and digits.
    pub(super) fn letters(&self) -> u32 {
        self.end.letters.saturating_sub(self.start.letters)
    }

    /// Letters and digits outside links.
    pub(super) fn prose(&self) -> u32 {
        self.letters().saturating_sub(self.linked())
    }

    /// Letters and digits inside links.
    pub(super) fn linked(&self) -> u32 {
        self.end.linked.saturating_sub(self.start.linked)
    }

    /// Whether it has nothing to read and skips nothing: it only marks a place.
    pub(super) fn is_mark(&self) -> bool {
        self.letters() == 0 && self.end.skipped == self.start.skipped
    }

    /// Whether it begins where another one begins.
    pub(super) fn begins_with(&self, other: Self) -> bool {
        self.start.letters == other.start.letters
    }

    /// Number of headings.
    pub(super) fn headings(&self) -> u32 {
        self.end.headings.saturating_sub(self.start.headings)
    }
}

/// The shape of a page below its root.
#[derive(Debug, Default)]
pub(super) struct Shape {
    extents: HashMap<NodeId, Extent>,
    /// All anchors.
    pub(super) ids: HashSet<String>,
    /// Anchors that the page links to.
    pub(super) used: HashSet<String>,
    /// For each heading, the element that holds its text.
    text_boxes: Vec<Option<NodeId>>,
    /// For each heading, the number of the next one of its level or above.
    next_of_level: Vec<u32>,
    root: Extent,
    /// Name of the page: the path that its links are relative to.
    source: String,
    /// The innermost element with most of the text.
    pub(super) main: Option<NodeId>,
}

impl Shape {
    /// Measures a page.
    pub(super) fn of(root: ElementRef<'_>, at_body: bool, source: &str) -> Self {
        let mut shape = Self { source: source.to_owned(), ..Self::default() };
        let (mut levels, mut headings) = (Vec::new(), Vec::new());
        let mut here = Counts::default();
        let (mut unseen, mut links) = (None, 0u32);
        for edge in root.traverse() {
            match edge {
                Edge::Open(node) => match node.value() {
                    Node::Element(e) => {
                        shape.ids.extend(own_id(e).map(str::to_owned));
                        if unseen.is_none() && is_unseen(e, at_body) {
                            unseen = Some(node.id());
                            here.skipped += u32::from(!ICONS.contains(&e.name()));
                        }
                        if unseen.is_some() {
                            continue;
                        }
                        shape.extents.insert(node.id(), Extent { start: here, end: here });
                        links += u32::from(e.name() == "a" && e.attr("href").is_some());
                        shape.used.extend(e.attr("href").and_then(|h| target(source, h)).map(Cow::into_owned));
                        if let Some(level) = heading_level(e.name()) {
                            levels.push(level);
                            headings.push(node.id());
                            here.headings += 1;
                        }
                    }
                    Node::Text(text) if unseen.is_none() => {
                        let letters = letters(text) as u32;
                        here.letters += letters;
                        here.linked += if links > 0 { letters } else { 0 };
                    }
                    _ => {}
                },
                Edge::Close(node) if unseen.is_some() => {
                    if unseen == Some(node.id()) {
                        unseen = None;
                    }
                }
                Edge::Close(node) => {
                    if let Some(extent) = shape.extents.get_mut(&node.id()) {
                        extent.end = here;
                    }
                    let is_link =
                        node.value().as_element().is_some_and(|e| e.name() == "a" && e.attr("href").is_some());
                    links = links.saturating_sub(u32::from(is_link));
                }
            }
        }
        shape.root = shape.extent(root.id());
        shape.next_of_level = next_of_level(&levels);
        shape.text_boxes = headings.into_iter().map(|heading| shape.text_box(root, heading)).collect();
        shape.main = shape.heaviest(root);
        shape
    }

    /// The totals of an element; zero for an invisible one.
    pub(super) fn extent(&self, node: NodeId) -> Extent {
        self.extents.get(&node).copied().unwrap_or_default()
    }

    /// The anchor that a link leads to, if it is on this page.
    pub(super) fn own_target<'h>(&self, href: &'h str) -> Option<Cow<'h, str>> {
        target(&self.source, href)
    }

    /// Whether a box belongs to this heading: the heading is its first, and the box has no other heading of that
    /// level. Headings of smaller boxes in it, such as notes, do not count if its own text is right below the heading.
    pub(super) fn is_box_of(&self, outer: NodeId, heading: NodeId) -> bool {
        let (extent, number) = (self.extent(outer), self.extent(heading).start.headings);
        if extent.start.headings != number {
            return false;
        }
        let is_inside = |n: &u32| *n < extent.end.headings;
        let next = |n: &u32| self.next_of_level.get(*n as usize).copied().filter(is_inside);
        let has_text_in = |n: u32| self.text_boxes.get(n as usize) == Some(&Some(outer));
        let mut others = std::iter::successors(next(&number), next);
        let Some(first) = others.next() else { return true };
        has_text_in(number) && !has_text_in(first) && others.by_ref().take(NOTES).all(|n| !has_text_in(n))
    }

    /// The innermost element around a heading that has text after it.
    fn text_box(&self, root: ElementRef<'_>, heading: NodeId) -> Option<NodeId> {
        let node = root.tree().get(heading)?;
        node.ancestors().take(WRAPPERS).map(|n| n.id()).find(|n| self.has_text_after(*n, heading))
    }

    /// Whether a box has text after this heading.
    pub(super) fn has_text_after(&self, outer: NodeId, heading: NodeId) -> bool {
        self.extent(outer).end.letters > self.extent(heading).end.letters
    }

    /// Whether an element begins with the page and holds nearly all of it: its address is that of the page.
    pub(super) fn is_whole_page(&self, node: NodeId) -> bool {
        let extent = self.extent(node);
        if extent.start.headings > self.root.start.headings {
            return false;
        }
        let before = extent.start.letters.saturating_sub(self.root.start.letters);
        before < 40 && u64::from(extent.letters()) * 5 >= u64::from(self.root.letters()) * 4
    }

    /// Whether an element is a line of code that the page links to: the signature of an entry whose text follows.
    pub(super) fn is_signature(&self, element: ElementRef<'_>) -> bool {
        let extent = self.extent(element.id());
        let is_linked = own_id(element.value()).is_some_and(|id| self.used.contains(id));
        if !is_linked || extent.headings() > 0 || !(1..=SIGNATURE).contains(&extent.letters()) {
            return false;
        }
        let mut boxes = std::iter::successors(Some(element), |e| only_child(*e)).take(WRAPPERS);
        boxes.any(|e| e.value().name() == "pre")
    }

    fn heaviest(&self, root: ElementRef<'_>) -> Option<NodeId> {
        let mut at = root;
        loop {
            let prose = |e: &ElementRef<'_>| self.extent(e.id()).prose();
            let boxes = at.child_elements().filter(|e| BOXES.contains(&e.value().name()));
            let Some(child) = boxes.max_by_key(prose) else { break };
            if u64::from(prose(&child)) * 100 < u64::from(prose(&at)) * u64::from(MAIN) || prose(&child) == 0 {
                break;
            }
            at = child;
        }
        Some(at.id())
    }
}

/// For each level, the number of the next one that is as high or higher; one past the end if there is none.
fn next_of_level(levels: &[u8]) -> Vec<u32> {
    let mut next = vec![levels.len() as u32; levels.len()];
    let mut waiting: Vec<usize> = Vec::new();
    for (i, level) in levels.iter().enumerate() {
        while let Some(last) = waiting.pop_if(|w| levels[*w] >= *level) {
            next[last] = i as u32;
        }
        waiting.push(i);
    }
    next
}

fn only_child(element: ElementRef<'_>) -> Option<ElementRef<'_>> {
    let mut children = element.child_elements();
    children.next().filter(|_| children.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_heading_of_a_level_is_found() {
        assert_eq!(next_of_level(&[1, 2, 3, 2, 1]), [4, 3, 3, 4, 5]);
    }
}
