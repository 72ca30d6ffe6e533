//! Walks a page and reads it into pieces.

use ego_tree::{NodeId, iter::Edge};
use scraper::{ElementRef, Node, node::Element};

use crate::document::LEVELS;

use super::{
    anchors::{Candidates, own_id, permalink},
    entries,
    lists::Lists,
    piece::Piece,
    shape::{Shape, heading_level},
    unseen::{is_named_furniture, is_unseen},
    words::{Block, Words},
};

/// Elements that begin and end a block.
const BLOCKS: [&str; 32] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "caption",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "main",
    "ol",
    "p",
    "pre",
    "section",
    "summary",
    "table",
    "tr",
    "ul",
];
/// Elements that set off a name from the text after it.
const NAMES: [&str; 8] = ["b", "code", "dfn", "kbd", "samp", "strong", "tt", "var"];
/// An item with fewer letters needs no address of its own.
const ITEM: u32 = 80;
/// Maximum number of letters of a name that begins an item.
const ITEM_NAME: u32 = 60;
/// Maximum number of letters outside links between the start of a box and its heading.
const BEFORE_HEADING: usize = 24;
/// A box with a furniture name but more text than this is content.
const FURNITURE_PROSE: u32 = 400;
/// A box that links to itself but has more text than this is not a name.
const LONGEST_NAME: u32 = 400;

/// The current heading or entry name.
struct Name {
    node: NodeId,
    /// Level of a heading; `None` for an entry.
    level: Option<u8>,
    anchors: Candidates,
    /// The box that the heading opens.
    outer: Option<NodeId>,
    /// Whether it is a term of a list, followed by its definition.
    is_term: bool,
}

/// An open element with an anchor.
struct Open {
    node: NodeId,
    id: String,
    /// Number of letters before it.
    prose: usize,
    /// Number of pieces before it.
    pieces: usize,
    /// Whether a heading has its address, or one has already passed.
    is_taken: bool,
}

/// See the module.
pub(super) struct Reader<'s> {
    shape: &'s Shape,
    at_body: bool,
    words: Words,
    name: Option<Name>,
    open: Vec<Open>,
    /// Anchors of empty elements since the last text.
    before: Vec<String>,
    lists: Lists,
    /// Boxes that end the text of a heading, with the heading and its level.
    scopes: Vec<(NodeId, NodeId, u8)>,
    /// Inside the part of the page with most of the text.
    in_main: bool,
    pieces: Vec<Piece>,
}

/// Reads the content of an element, without recursion: documents may be nested deeper than the stack allows.
pub(super) fn read(root: ElementRef<'_>, shape: &Shape, at_body: bool) -> Vec<Piece> {
    let mut reader = Reader {
        shape,
        at_body,
        words: Words::default(),
        name: None,
        open: Vec::new(),
        before: Vec::new(),
        lists: Lists::default(),
        scopes: Vec::new(),
        in_main: false,
        pieces: Vec::new(),
    };
    let mut unseen = None;
    for edge in root.traverse() {
        match edge {
            Edge::Open(node) if unseen.is_none() => match node.value() {
                Node::Element(_) => {
                    if let Some(element) = ElementRef::wrap(node)
                        && !reader.open(element)
                    {
                        unseen = Some(node.id());
                    }
                }
                Node::Text(text) => reader.text(text),
                _ => {}
            },
            Edge::Close(node) if unseen == Some(node.id()) => unseen = None,
            Edge::Close(node) if unseen.is_none() => {
                if let Node::Element(e) = node.value() {
                    reader.close(node.id(), e);
                }
            }
            _ => {}
        }
    }
    reader.flush();
    reader.pieces
}

impl Reader<'_> {
    /// Opens an element; false if it is skipped with all its content.
    fn open(&mut self, element: ElementRef<'_>) -> bool {
        let (node, e) = (element.id(), element.value());
        let mark = permalink(element);
        if mark.is_some() || self.is_source_link(element) || is_unseen(e, self.at_body) || self.is_furniture(node, e) {
            self.pass_by(e, mark);
            return false;
        }
        if self.shape.main == Some(node) {
            self.flush();
            self.in_main = true;
        }
        let name = e.name();
        if BLOCKS.contains(&name) {
            self.flush();
        }
        if let Some(id) = own_id(e) {
            self.note_anchor(node, id);
        }
        match name {
            "dl" | "details" => self.lists.open(node),
            "dt" => self.open_term(element),
            "dd" => self.open_definition(),
            "summary" => self.open_summary(element),
            "pre" => self.words.preformatted += 1,
            "a" if e.attr("href").is_some() => self.open_link(e),
            "br" => self.words.separate("\n"),
            "img" => self.words.add(&e.attr("alt").map(|alt| format!(" {alt}")).unwrap_or_default()),
            _ => match heading_level(name) {
                Some(level) => self.open_heading(element, level),
                None if self.is_place(element) => self.open_name(element, None),
                None if NAMES.contains(&name) => self.open_item_name(element),
                None => {}
            },
        }
        true
    }

    fn close(&mut self, node: NodeId, e: &Element) {
        let name = e.name();
        match name {
            "a" if e.attr("href").is_some() => self.words.in_link = self.words.in_link.saturating_sub(1),
            "td" | "th" => self.words.separate(" | "),
            _ => {}
        }
        if self.name.as_ref().is_some_and(|n| n.node == node) {
            self.end_name();
        } else if BLOCKS.contains(&name) {
            self.flush();
        }
        match name {
            "pre" => self.words.preformatted = self.words.preformatted.saturating_sub(1),
            "summary" => self.open_definition(),
            "dl" | "details" => {
                let ended = self.lists.close(node);
                self.pieces.extend(ended);
            }
            _ => {}
        }
        self.end_scope(node);
        if self.shape.main == Some(node) {
            self.in_main = false;
        }
        if let Some(open) = self.open.pop_if(|o| o.node == node)
            && self.shape.extent(node).letters() == 0
        {
            if name == "a" {
                self.give_to_last_heading(&open.id);
            }
            self.before.push(open.id);
        }
    }

    /// Collects the anchors of a skipped element.
    fn pass_by(&mut self, e: &Element, mark: Option<&str>) {
        let own = own_id(e).filter(|_| e.name() == "a");
        match (&mut self.name, mark, own) {
            (Some(name), mark, own) => {
                name.anchors.permalink = name.anchors.permalink.take().or(mark.map(str::to_owned));
                name.anchors.inner.extend(own.map(str::to_owned));
            }
            (None, Some(_), Some(own)) => self.give_to_last_heading(own),
            _ => {}
        }
    }

    /// On some pages the address of a heading without one comes right after it.
    fn give_to_last_heading(&mut self, id: &str) {
        if self.words.is_empty()
            && let Some(Piece::Heading { anchor: anchor @ None, .. }) = self.pieces.last_mut()
        {
            *anchor = Some(id.to_owned());
        }
    }

    /// Whether a link is a remark on the surrounding name: `[source]`.
    fn is_source_link(&self, element: ElementRef<'_>) -> bool {
        if self.name.is_none() || element.value().name() != "a" {
            return false;
        }
        let text: String = element.text().flat_map(str::chars).filter(|c| !c.is_whitespace()).take(32).collect();
        text.starts_with('[') && text.ends_with(']')
    }

    fn is_furniture(&self, node: NodeId, e: &Element) -> bool {
        let extent = self.shape.extent(node);
        if e.name() == "aside" {
            return !self.in_main || extent.linked() * 2 > extent.letters();
        }
        let is_small = extent.headings() == 0 && extent.prose() <= FURNITURE_PROSE;
        is_small && extent.letters() > 0 && is_named_furniture(e)
    }

    fn text(&mut self, text: &str) {
        if text.chars().any(char::is_alphanumeric) && self.name.is_none() {
            self.before.clear();
        }
        self.words.add(text);
    }

    fn note_anchor(&mut self, node: NodeId, id: &str) {
        match &mut self.name {
            Some(name) => name.anchors.inner.push(id.to_owned()),
            None => self.open.push(Open {
                node,
                id: id.to_owned(),
                prose: self.words.prose,
                pieces: self.pieces.len(),
                is_taken: false,
            }),
        }
    }

    fn open_link(&mut self, e: &Element) {
        self.words.in_link += 1;
        self.words.in_own_page = e.attr("href").is_some_and(|h| h.starts_with('#'));
        let rel = e.attr("rel").unwrap_or_default();
        let turns = |r: &str| matches!(r, "next" | "prev" | "previous" | "up");
        let key = e.attr("accesskey").is_some_and(|k| matches!(k, "n" | "p" | "u"));
        if key || rel.split_ascii_whitespace().any(turns) {
            self.words.turn_pages();
        }
    }

    fn open_heading(&mut self, element: ElementRef<'_>, level: u8) {
        let node = element.id();
        // A heading inside a term replaces the term.
        if let Some(name) = self.name.take_if(|n| n.level.is_none()) {
            self.before.extend(name.anchors.own);
            self.before.extend(name.anchors.inner);
        } else if self.name.is_some() {
            return;
        }
        let prose = self.words.prose;
        let is_box = |o: &&mut Open| {
            !o.is_taken && o.node != node && prose - o.prose <= BEFORE_HEADING && self.shape.is_box_of(o.node, node)
        };
        let outer = self.open.iter_mut().rev().find(is_box).map(|o| (o.node, o.id.clone(), o.pieces));
        self.open.iter_mut().for_each(|o| o.is_taken = true);
        if let Some((_, _, pieces)) = outer {
            self.drop_remark(pieces);
        }
        let parent = element.parent().map(|p| p.id()).filter(|p| self.shape.is_box_of(*p, node));
        let own = own_id(element.value()).map(str::to_owned);
        let is_address = |o: &(NodeId, String, usize)| !self.shape.is_whole_page(o.0);
        let anchors = Candidates {
            own,
            outer: outer.clone().filter(is_address).map(|o| o.1),
            before: std::mem::take(&mut self.before),
            ..Candidates::default()
        };
        self.name =
            Some(Name { node, level: Some(level), anchors, outer: outer.map(|o| o.0).or(parent), is_term: false });
    }

    /// Drops links between the start of a box and its heading: "1.0.0 · source".
    fn drop_remark(&mut self, from: usize) {
        const REMARK: usize = 8;
        let is_remark = |p: &Piece| matches!(p, Piece::Block(b) if b.linked > 0 && b.letters - b.linked <= REMARK);
        if self.pieces.len() == from + 1 {
            self.pieces.pop_if(|p| is_remark(p));
        }
    }

    fn open_name(&mut self, element: ElementRef<'_>, box_id: Option<String>) {
        if self.name.is_some() {
            return;
        }
        self.flush();
        let own = own_id(element.value()).map(str::to_owned);
        let anchors =
            Candidates { own, outer: box_id, before: std::mem::take(&mut self.before), ..Candidates::default() };
        let is_term = matches!(element.value().name(), "dt" | "summary");
        self.name = Some(Name { node: element.id(), level: None, anchors, outer: None, is_term });
    }

    fn open_term(&mut self, element: ElementRef<'_>) {
        let ended = self.lists.end_entry();
        self.pieces.extend(ended);
        let group = element.parent().and_then(ElementRef::wrap).filter(|p| p.value().name() == "div");
        let group_id = group.and_then(|g| own_id(g.value()).map(str::to_owned));
        self.open_name(element, group_id);
    }

    fn open_definition(&mut self) {
        let begun = self.lists.begin_entry();
        self.pieces.extend(begun);
    }

    /// The summary line of a collapsible box; an entry if it has an address and no heading.
    fn open_summary(&mut self, element: ElementRef<'_>) {
        let id = element.parent().and_then(ElementRef::wrap).and_then(|p| own_id(p.value()).map(str::to_owned));
        if self.shape.extent(element.id()).headings() == 0 && (id.is_some() || own_id(element.value()).is_some()) {
            self.open_name(element, id);
        }
    }

    /// The first word of a list item with an anchor right before it: the item is an entry.
    fn open_item_name(&mut self, element: ElementRef<'_>) {
        let parent = element.parent().and_then(ElementRef::wrap).filter(|p| p.value().name() == "li");
        let Some(item) = parent.filter(|_| self.name.is_none() && self.words.is_empty()) else { return };
        let item_id = own_id(item.value()).map(str::to_owned);
        let letters = self.shape.extent(element.id()).letters();
        let is_entry = (2..=ITEM_NAME).contains(&letters) && self.shape.extent(item.id()).prose() >= ITEM;
        let is_place = item_id.is_some() || own_id(element.value()).is_some() || !self.before.is_empty();
        if is_entry && is_place && self.shape.extent(item.id()).headings() == 0 {
            self.open_name(element, item_id);
            if let Some(name) = &mut self.name {
                name.outer = Some(item.id());
            }
        }
    }

    /// Whether an element names an entry without a tag that says so.
    fn is_place(&self, element: ElementRef<'_>) -> bool {
        self.name.is_none() && (self.links_to_itself(element) || self.shape.is_signature(element))
    }

    /// Whether an element is an addressable place: it has an anchor, and a mark that links to it.
    fn links_to_itself(&self, element: ElementRef<'_>) -> bool {
        let extent = self.shape.extent(element.id());
        let Some(id) = own_id(element.value()).filter(|_| extent.headings() == 0 && self.name.is_none()) else {
            return false;
        };
        let is_name = (1..=LONGEST_NAME).contains(&extent.letters());
        is_name && element.child_elements().take(8).any(|c| permalink(c) == Some(id))
    }

    fn end_name(&mut self) {
        let Some(name) = self.name.take() else { return };
        let block = self.words.take();
        let text = block.text.split_whitespace().collect::<Vec<_>>().join(" ");
        // Generators put a self-link inside the heading, shown as one of these characters.
        let text = text.trim_end_matches(['#', '¶', '\u{200b}', '🔗', ' ', '|']).trim_start_matches(['#', '§', ' ']);
        // The terms of an index link to the occurrences of a word; an anchor marks each initial letter above.
        let is_reference = block.linked * 2 >= block.letters && name.anchors.permalink.is_none();
        let is_entry = entries::is_name(text) && !is_reference;
        let anchor =
            name.anchors.clone().choose(text, |id| self.shape.ids.contains(id), |id| self.shape.used.contains(id));
        match (name.level, anchor) {
            _ if text.is_empty() => {}
            (Some(level), anchor) => self.add_heading(level, text, anchor, name.node, name.outer),
            (None, Some(anchor)) if is_entry => self.add_name(text, anchor, &name),
            (None, _) if name.outer.is_some() => {
                self.words.add(text);
                self.words.separate(" ");
            }
            (None, _) => {
                let block = Block { text: text.to_owned(), is_outside: !self.in_main, ..block };
                self.pieces.push(Piece::Block(block));
            }
        }
    }

    fn add_heading(&mut self, level: u8, text: &str, anchor: Option<String>, node: NodeId, outer: Option<NodeId>) {
        let level = self.nested_level(self.lists.level(level));
        let (short, whole) = entries::short_name(text);
        if let Some(outer) = outer {
            self.scopes.push((outer, node, level));
        }
        self.pieces.push(Piece::Heading { level, text: short, anchor, is_outside: !self.in_main });
        self.pieces.extend(whole.map(Piece::repeated_name));
    }

    /// The level of a heading below the headings whose boxes are still open: that of a note can be the same as that of
    /// the section around it.
    fn nested_level(&self, level: u8) -> u8 {
        let is_above = |l: &u8| l / LEVELS == level / LEVELS && l % LEVELS != LEVELS - 1;
        let above = self.scopes.iter().map(|(.., level)| *level).filter(is_above).max();
        above.map_or(level, |above| level.max((above + 1).min(level / LEVELS * LEVELS + LEVELS - 2)))
    }

    fn add_name(&mut self, text: &str, anchor: String, name: &Name) {
        if name.is_term && self.lists.has_open() {
            self.lists.add_name(text, anchor);
            return;
        }
        let level = self.lists.level(LEVELS - 1);
        let (short, whole) = entries::short_name(text);
        self.pieces.push(Piece::Entry { level, name: short, anchor });
        if let Some(item) = name.outer {
            // The name is the first word of the item.
            self.words.add(text);
            self.words.separate(" ");
            self.scopes.push((item, name.node, level));
        }
        self.pieces.extend(whole.map(Piece::repeated_name));
    }

    /// Ends the text of the headings that own this box, unless the box holds nothing but the heading.
    fn end_scope(&mut self, node: NodeId) {
        while let Some((_, heading, level)) = self.scopes.pop_if(|(outer, ..)| *outer == node) {
            if self.shape.has_text_after(node, heading) {
                self.pieces.push(Piece::End { level });
            }
        }
    }

    fn flush(&mut self) {
        if self.name.is_some() {
            self.words.separate(" ");
            return;
        }
        let mut block = self.words.take();
        let text = block.text.trim_end_matches([' ', '|']).trim_matches(['\n', ' ', '\t']);
        if text.is_empty() {
            return;
        }
        block.text = text.to_owned();
        block.is_outside = !self.in_main;
        self.pieces.push(Piece::Block(block));
    }
}
