//! Walks a page and reads it into pieces.

use ego_tree::{NodeId, iter::Edge};
use scraper::{ElementRef, Node, node::Element};

use crate::document::LEVELS;

use super::{
    anchors::{Candidates, own_id, permalink},
    calls,
    elements::{BLOCKS, NAMES, heading_level},
    entries,
    furniture::{is_furniture, is_source_link},
    lists::Lists,
    name::Name,
    open::Opened,
    piece::Piece,
    places::{anchor_of_line, is_marked, is_place, named_item, named_line},
    scopes::Scopes,
    shape::Shape,
    unseen::is_unseen,
    words::{Block, Words},
};

/// See the module.
pub(super) struct Reader<'s> {
    shape: &'s Shape,
    at_body: bool,
    words: Words,
    name: Option<Name>,
    opened: Opened,
    lists: Lists,
    scopes: Scopes,
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
        opened: Opened::default(),
        lists: Lists::default(),
        scopes: Scopes::default(),
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
        let is_remark = self.name.is_some() && is_source_link(element);
        if mark.is_some()
            || is_remark
            || is_unseen(e, self.at_body)
            || is_furniture(e, self.shape.extent(node), self.in_main)
        {
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
            "a" if e.attr("href").is_some() => self.words.open_link(e, |href| self.shape.own_target(href)),
            "br" => self.words.separate("\n"),
            "img" => self.words.add(&e.attr("alt").map(|alt| format!(" {alt}")).unwrap_or_default()),
            _ => match heading_level(name) {
                Some(level) => self.open_heading(element, level),
                None if self.name.is_none() && is_place(element, self.shape) => self.open_name(element, None),
                None if self.name.is_none() && matches!(name, "p" | "div" | "td") => self.open_line(element),
                None if NAMES.contains(&name) => self.open_item_name(element),
                None => {}
            },
        }
        true
    }

    fn close(&mut self, node: NodeId, e: &Element) {
        let name = e.name();
        match name {
            "a" if e.attr("href").is_some() => self.words.close_link(),
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
        self.scopes.close(node, self.shape, &mut self.pieces);
        if self.shape.main == Some(node) {
            self.in_main = false;
        }
        if let Some(id) = self.opened.close(node)
            && self.shape.extent(node).is_mark()
        {
            if name == "a" {
                self.give_to_last_heading(&id);
            }
            self.opened.wait([id]);
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

    fn text(&mut self, text: &str) {
        if text.chars().any(char::is_alphanumeric) && self.name.is_none() {
            self.opened.take_waiting();
        }
        self.words.add(text);
    }

    fn note_anchor(&mut self, node: NodeId, id: &str) {
        match &mut self.name {
            Some(name) => name.anchors.inner.push(id.to_owned()),
            None => self.opened.open(node, id, self.words.prose, self.pieces.len()),
        }
    }

    fn open_heading(&mut self, element: ElementRef<'_>, level: u8) {
        let node = element.id();
        // A heading inside a term replaces the term.
        if let Some(name) = self.name.take_if(|n| n.level.is_none()) {
            self.opened.wait(name.anchors.own.into_iter().chain(name.anchors.inner));
        } else if self.name.is_some() {
            return;
        }
        let outer = self.opened.box_of(node, self.words.prose, self.shape);
        if let Some(outer) = &outer {
            self.drop_remark(outer.pieces);
        }
        let parent = element.parent().map(|p| p.id()).filter(|p| self.shape.is_box_of(*p, node));
        let address = outer.clone().filter(|o| !self.shape.is_whole_page(o.node)).map(|o| o.id);
        let anchors = Candidates {
            own: own_id(element.value()).map(str::to_owned),
            outer: address,
            before: self.opened.take_waiting(),
            ..Candidates::default()
        };
        let outer = outer.map(|o| o.node).or(parent);
        self.name = Some(Name { node, level: Some(level), anchors, outer, is_term: false, line: None });
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
        let before = self.opened.take_waiting();
        let anchors = Candidates { own, outer: box_id, before, ..Candidates::default() };
        let is_term = matches!(element.value().name(), "dt" | "summary");
        self.name = Some(Name { node: element.id(), level: None, anchors, outer: None, is_term, line: None });
    }

    /// A line that begins with an anchor and links to it; a row of a table ends with its entry.
    fn open_line(&mut self, element: ElementRef<'_>) {
        if !self.words.is_empty() {
            return;
        }
        let Some(anchor) = anchor_of_line(element, self.shape) else { return };
        self.open_name(element, None);
        if let Some(name) = &mut self.name {
            name.anchors.permalink = Some(anchor);
            name.outer = element.parent().filter(|_| element.value().name() == "td").map(|row| row.id());
        }
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

    /// The first word of a list item or of a line with an anchor right before it: the item is an entry, or the line
    /// names one.
    fn open_item_name(&mut self, element: ElementRef<'_>) {
        if self.name.is_none() && self.words.preformatted > 0 && is_marked(element, self.opened.waiting()) {
            let line = self.words.cut_line();
            self.open_name(element, None);
            if let Some(name) = &mut self.name {
                name.line = Some(line);
            }
        }
        if self.name.is_some() || !self.words.is_empty() {
            return;
        }
        let waiting = self.opened.waiting();
        if let Some(item) = named_item(element, !waiting.is_empty(), self.shape) {
            self.open_name(element, own_id(item.value()).map(str::to_owned));
            if let Some(name) = &mut self.name {
                name.outer = Some(item.id());
            }
        } else if let Some(line) = named_line(element, waiting, self.shape) {
            self.open_name(line, None);
        }
    }

    fn end_name(&mut self) {
        let Some(name) = self.name.take() else { return };
        let block = self.words.take();
        let text = Name::text(&block);
        match (name.level, name.anchor(&text, self.shape)) {
            _ if text.is_empty() => {}
            (Some(level), anchor) => self.add_heading(level, &text, anchor, name.node, name.outer),
            (None, Some(anchor)) if name.is_entry(&text, &block) => self.add_name(&text, anchor, &name),
            (None, _) if name.line.is_some() => self.words.add(&name.whole_line(&text)),
            (None, _) if name.outer.is_some() => {
                self.words.add(&text);
                self.words.separate(" ");
            }
            (None, _) => {
                let block = Block { text, is_outside: !self.in_main, ..block };
                self.pieces.push(Piece::Block(block));
            }
        }
    }

    fn add_heading(&mut self, level: u8, text: &str, anchor: Option<String>, node: NodeId, outer: Option<NodeId>) {
        let level = self.scopes.nested_level(self.lists.level(level));
        let (short, whole) = entries::short_name(text);
        if let Some(outer) = outer {
            self.scopes.open(outer, node, level);
        }
        self.pieces.push(Piece::Heading { level, text: short, anchor, is_outside: !self.in_main });
        self.pieces.extend(whole.map(Piece::repeated_name));
    }

    fn add_name(&mut self, text: &str, anchor: String, name: &Name) {
        if name.is_term && self.lists.has_open() {
            self.lists.add_name(text, anchor);
            return;
        }
        let level = self.lists.level(LEVELS - 1);
        let (short, whole) = entries::short_name(text);
        self.pieces.push(Piece::Entry { level, name: short, anchor });
        if name.line.is_some() {
            self.words.add(&name.whole_line(text));
        }
        if let Some(item) = name.outer {
            // The name is the first word of the item.
            self.words.add(text);
            self.words.separate(" ");
            self.scopes.open(item, name.node, level);
        }
        self.pieces.extend(whole.map(Piece::repeated_name));
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
        let anchor = self.opened.innermost(self.pieces.len()).filter(|_| self.words.preformatted > 0);
        if let Some((anchor, name)) = anchor.and_then(|id| Some((id.to_owned(), calls::of_code(&block.text, id)?))) {
            let level = self.lists.level(LEVELS - 1);
            self.pieces.push(Piece::Entry { level, name, anchor });
        }
        self.pieces.push(Piece::Block(block));
    }
}
