//! Elements that name an entry without a tag that says so.

use scraper::ElementRef;

use super::{
    anchors::{own_id, permalink},
    elements::BLOCKS,
    shape::{SIGNATURE, Shape},
};

/// An item with fewer letters needs no address of its own.
const ITEM: u32 = 80;
/// Maximum number of letters of a name that begins an item.
const ITEM_NAME: u32 = 60;
/// A box that links to itself but has more text than this is not a name.
const LONGEST_NAME: u32 = 400;

/// Whether an element is an addressable place: it has an anchor and a mark that links to it, or is a signature.
pub(super) fn is_place(element: ElementRef<'_>, shape: &Shape) -> bool {
    links_to_itself(element, shape) || shape.is_signature(element)
}

fn links_to_itself(element: ElementRef<'_>, shape: &Shape) -> bool {
    let extent = shape.extent(element.id());
    let Some(id) = own_id(element.value()).filter(|_| extent.headings() == 0) else { return false };
    let is_name = (1..=LONGEST_NAME).contains(&extent.letters());
    is_name && element.child_elements().take(8).any(|c| permalink(c) == Some(id))
}

/// The most elements of a line that are examined for a link of the line to itself.
const LINE_PARTS: usize = 48;

/// The anchor with which a line begins, if a link on the same line leads to it: the line names what follows. The line
/// is a paragraph, a box, or the first cell of a row.
pub(super) fn anchor_of_line(element: ElementRef<'_>, shape: &Shape) -> Option<String> {
    let whole = shape.extent(element.id());
    let is_first_cell = || element.prev_siblings().all(|s| !s.value().is_element());
    let is_line = match element.value().name() {
        "p" | "div" => true,
        "td" => is_first_cell(),
        _ => false,
    };
    if !is_line || whole.headings() > 0 || !(1..=LONGEST_NAME).contains(&whole.letters()) {
        return None;
    }
    let parts = || element.descendants().skip(1).take(LINE_PARTS).filter_map(ElementRef::wrap);
    if parts().any(|part| BLOCKS.contains(&part.value().name())) {
        return None;
    }
    let begins = |part: &ElementRef<'_>| whole.begins_with(shape.extent(part.id()));
    let anchors: Vec<&str> = parts().filter(begins).filter_map(|part| own_id(part.value())).collect();
    let links = parts().filter(|part| part.value().name() == "a").filter_map(|part| part.attr("href"));
    let own = links.filter_map(|href| shape.own_target(href)).find(|target| anchors.contains(&&**target))?;
    Some(own.into_owned())
}

/// The list item that an element begins, if the element can name it: the item is long enough, and has an anchor of
/// its own or one right before the name.
pub(super) fn named_item<'a>(element: ElementRef<'a>, has_anchor: bool, shape: &Shape) -> Option<ElementRef<'a>> {
    let item = element.parent().and_then(ElementRef::wrap).filter(|p| p.value().name() == "li")?;
    let letters = shape.extent(element.id()).letters();
    let is_entry = (2..=ITEM_NAME).contains(&letters) && shape.extent(item.id()).prose() >= ITEM;
    let is_place = has_anchor || own_id(item.value()).is_some() || own_id(element.value()).is_some();
    (is_entry && is_place && shape.extent(item.id()).headings() == 0).then_some(item)
}

/// Whether an element of preformatted text names the place: the last anchor before it is its text. The manuals of
/// some editors and protocols are such text from top to bottom.
pub(super) fn is_marked(element: ElementRef<'_>, before: &[String]) -> bool {
    let mut rest = before.last().map_or("", String::as_str);
    let is_begin = |part: &str| rest.strip_prefix(part).map(|after| rest = after).is_some();
    !before.is_empty() && element.text().all(is_begin) && rest.is_empty()
}

/// The short line that an element begins, if the line can be the name of an entry: an anchor stands right before it,
/// and the page links to one of these, or nothing else is in the line.
pub(super) fn named_line<'a>(element: ElementRef<'a>, before: &[String], shape: &Shape) -> Option<ElementRef<'a>> {
    let is_block = |e: &ElementRef<'_>| BLOCKS.contains(&e.value().name());
    let line = element.ancestors().filter_map(ElementRef::wrap).find(is_block)?;
    let (own, whole) = (shape.extent(element.id()), shape.extent(line.id()));
    // The title of a table or a figure names nothing that follows it.
    let is_title = line.value().classes().any(|class| matches!(class, "title" | "caption"));
    let is_line = matches!(line.value().name(), "p" | "div" | "pre") && whole.begins_with(own) && !is_title;
    let is_short = whole.headings() == 0 && (2..=SIGNATURE).contains(&whole.letters());
    let is_known = || before.iter().any(|anchor| shape.used.contains(anchor));
    let is_alone = own.letters() == whole.letters();
    (is_line && is_short && !before.is_empty() && (is_alone || is_known())).then_some(line)
}
