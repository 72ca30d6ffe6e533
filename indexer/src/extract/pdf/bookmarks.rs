//! The outline of a PDF file: titles of chapters with their pages.

use std::collections::{HashMap, HashSet};

use hayro_interpret::hayro_syntax::{
    Pdf,
    object::{Array, Dict, Name, Object, ObjectIdentifier, String as PdfString},
};

/// Maximum number of bookmarks, and of named places, per file.
const MOST: usize = 50_000;
/// Maximum level; deeper bookmarks are moved up to it.
const DEEPEST: u8 = 9;

/// A line of the outline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bookmark {
    /// 1 for the outermost.
    pub(super) level: u8,
    pub(super) title: String,
    /// The page, counted from 0.
    pub(super) page: usize,
}

/// Reads the outline, in its order, and skips broken parts.
pub(super) fn read(pdf: &Pdf) -> Vec<Bookmark> {
    let Some(catalog) = pdf.xref().get::<Dict<'_>>(pdf.xref().root_id()) else { return Vec::new() };
    let first = catalog.get::<Dict<'_>>("Outlines").and_then(|outline| outline.get::<Dict<'_>>("First"));
    let Some(first) = first else { return Vec::new() };
    let places = Places::new(pdf, &catalog);
    let mut bookmarks = Vec::new();
    let mut seen = HashSet::new();
    let mut open = vec![(1, first)];
    while let Some((level, item)) = open.pop() {
        // Entries may form a cycle.
        if item.obj_id().is_some_and(|id| !seen.insert(id)) || bookmarks.len() >= MOST || open.len() > MOST {
            continue;
        }
        let title = item.get::<PdfString<'_>>("Title").map(|t| super::text(&t)).filter(|t| !t.is_empty());
        if let (Some(title), Some(page)) = (title, places.of(&item)) {
            bookmarks.push(Bookmark { level, title, page });
        }
        // An object inside another one has no id, and therefore no cycle.
        open.extend(item.get::<Dict<'_>>("Next").map(|next| (level, next)));
        open.extend(item.get::<Dict<'_>>("First").map(|inner| ((level + 1).min(DEEPEST), inner)));
    }
    bookmarks
}

/// The targets of bookmarks.
struct Places {
    pages: HashMap<ObjectIdentifier, usize>,
    named: HashMap<Vec<u8>, usize>,
}

impl Places {
    fn new(pdf: &Pdf, catalog: &Dict<'_>) -> Self {
        let ids = pdf.pages().iter().enumerate().filter_map(|(n, page)| Some((page.raw().obj_id()?, n)));
        let mut places = Self { pages: ids.collect(), named: HashMap::new() };
        if let Some(old) = catalog.get::<Dict<'_>>("Dests") {
            for name in old.keys().take(MOST) {
                let page = old.get::<Object<'_>>(&*name).and_then(|place| places.page(&place));
                places.named.extend(page.map(|p| (name.to_vec(), p)));
            }
        }
        let tree = catalog.get::<Dict<'_>>("Names").and_then(|names| names.get::<Dict<'_>>("Dests"));
        places.read_tree(tree);
        places
    }

    fn read_tree(&mut self, root: Option<Dict<'_>>) {
        let mut seen = HashSet::new();
        let mut open: Vec<_> = root.into_iter().collect();
        while let Some(node) = open.pop() {
            if node.obj_id().is_some_and(|id| !seen.insert(id)) || self.named.len() >= MOST || open.len() > MOST {
                continue;
            }
            let mut name = None;
            for object in node.get::<Array<'_>>("Names").iter().flat_map(|names| names.iter::<Object<'_>>()) {
                match (name.take(), object) {
                    (None, Object::String(key)) => name = Some(key.to_vec()),
                    (Some(key), place) => {
                        let page = self.page(&place);
                        self.named.extend(page.map(|p| (key, p)));
                    }
                    (None, _) => {}
                }
            }
            open.extend(node.get::<Array<'_>>("Kids").iter().flat_map(|kids| kids.iter::<Dict<'_>>()));
        }
    }

    /// The target page of a bookmark.
    fn of(&self, item: &Dict<'_>) -> Option<usize> {
        let action = || {
            let action = item.get::<Dict<'_>>("A")?;
            let is_here = action.get::<Name<'_>>("S").is_some_and(|kind| kind.as_str() == "GoTo");
            is_here.then(|| action.get::<Object<'_>>("D"))?
        };
        match item.get::<Object<'_>>("Dest").or_else(action)? {
            Object::String(name) => self.named.get(name.as_bytes()).copied(),
            Object::Name(name) => self.named.get(&*name).copied(),
            place => self.page(&place),
        }
    }

    /// The page of a place: a list that begins with the page, or a dictionary around one.
    fn page(&self, place: &Object<'_>) -> Option<usize> {
        let list = match place {
            Object::Array(list) => list.clone(),
            Object::Dict(dict) => dict.get::<Array<'_>>("D")?,
            _ => return None,
        };
        let page = list.raw_iter().next()?.as_obj_ref()?;
        self.pages.get(&page.into()).copied()
    }
}
