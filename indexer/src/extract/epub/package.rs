//! The package of a book: its title, its files, and their order.

use std::collections::{HashMap, HashSet};

use super::super::{
    archive::{Archive, resolve},
    xml::{self, Element, Step},
};

const CONTAINER: &str = "META-INF/container.xml";
/// Font obfuscation methods, which do not prevent reading.
const FONT_HIDING: [&str; 2] = ["http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"];

/// A file of the book's text.
#[derive(Debug, Default)]
pub(super) struct Chapter {
    /// Its name within the archive.
    pub(super) path: String,
    /// Its name as the package writes it: an address relative to the package.
    pub(super) reference: String,
    /// Its title in the table of contents.
    pub(super) label: Option<String>,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Package {
    pub(super) title: Option<String>,
    pub(super) lang: Option<String>,
    pub(super) authors: Vec<String>,
    pub(super) subjects: Vec<String>,
    /// In reading order, without the table of contents.
    pub(super) chapters: Vec<Chapter>,
}

/// A line of the list of files.
struct Item {
    reference: String,
    media: String,
    properties: String,
}

#[derive(Default)]
struct List {
    package: Package,
    items: HashMap<String, Item>,
    spine: Vec<String>,
    /// The id of the table of contents of EPUB 2.
    ncx: Option<String>,
    at: String,
    /// Text of the current element so far.
    so_far: String,
}

impl Package {
    /// Reads the package document, the table of contents and the list of encrypted files.
    ///
    /// # Errors
    /// A sentence: not a book, or a protected one.
    pub(super) fn read(archive: &mut Archive<'_>) -> Result<Self, String> {
        let name = root_file(archive)?;
        let text = archive.text(&name)?.ok_or_else(|| format!("the archive has no {name}, which {CONTAINER} names"))?;
        let mut list = List::default();
        xml::walk(&text, |step| list.step(step))?;
        let contents = list.contents().map(|c| resolve(&name, &decoded(c)));
        let mut package = list.finish(&name);
        if let Some(contents) = contents {
            // A book is readable even if its table of contents is missing or broken.
            let labels = archive.text(&contents).ok().flatten().map(|t| labels(&contents, &t)).unwrap_or_default();
            package.chapters.iter_mut().for_each(|chapter| chapter.label = labels.get(&chapter.path).cloned());
        }
        let hidden = encrypted(archive)?;
        if package.chapters.iter().any(|chapter| hidden.contains(&chapter.path)) {
            return Err("the book is encrypted (DRM); expected a book without encryption".into());
        }
        Ok(package)
    }
}

impl List {
    fn step(&mut self, step: Step<'_>) {
        match step {
            Step::Open(element) => {
                self.at = element.name();
                self.so_far.clear();
                self.open(&element);
            }
            Step::Close(_) => {
                let text = std::mem::take(&mut self.so_far);
                self.text(text.trim());
                self.at.clear();
            }
            Step::Text(text) => self.so_far.push_str(&text),
        }
    }

    fn open(&mut self, element: &Element<'_>) {
        let attribute = |name| element.attribute(name).unwrap_or_default();
        match self.at.as_str() {
            "item" => {
                let item = Item {
                    reference: attribute("href"),
                    media: attribute("media-type"),
                    properties: attribute("properties"),
                };
                self.items.insert(attribute("id"), item);
            }
            "spine" => self.ncx = element.attribute("toc"),
            "itemref" => self.spine.push(attribute("idref")),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        let add = |slot: &mut Option<String>| {
            slot.get_or_insert_with(|| text.to_owned());
        };
        match self.at.as_str() {
            "title" => add(&mut self.package.title),
            "language" => add(&mut self.package.lang),
            "creator" => self.package.authors.push(text.to_owned()),
            "subject" => self.package.subjects.push(text.to_owned()),
            _ => {}
        }
    }

    /// The table of contents of EPUB 3, or else that of EPUB 2.
    fn contents(&self) -> Option<&str> {
        let nav = self.items.values().find(|item| item.is_contents());
        nav.or_else(|| self.items.get(self.ncx.as_ref()?)).map(|item| item.reference.as_str())
    }

    fn finish(self, name: &str) -> Package {
        let items = self.spine.iter().filter_map(|id| self.items.get(id));
        let text = items.filter(|item| item.media.contains("html") && !item.is_contents());
        let mut seen = HashSet::new();
        let chapters = text.map(|item| {
            // Some books list places within a file as if they were files.
            let reference = item.reference.split('#').next().unwrap_or_default().to_owned();
            Chapter { path: resolve(name, &decoded(&reference)), reference, label: None }
        });
        Package { chapters: chapters.filter(|c| seen.insert(c.path.clone())).collect(), ..self.package }
    }
}

impl Item {
    fn is_contents(&self) -> bool {
        self.properties.split_whitespace().any(|p| p == "nav")
    }
}

/// The name of the package document.
fn root_file(archive: &mut Archive<'_>) -> Result<String, String> {
    let text =
        archive.text(CONTAINER)?.ok_or_else(|| format!("the archive has no {CONTAINER}; expected an EPUB book"))?;
    let mut name = None;
    xml::walk(&text, |step| {
        if let Step::Open(element) = step
            && element.name() == "rootfile"
        {
            name = name.take().or_else(|| element.attribute("full-path"));
        }
    })?;
    name.ok_or_else(|| format!("{CONTAINER} does not name a package document"))
}

/// The title of each file in the table of contents: `a` in EPUB 3, `navLabel` and `content` in EPUB 2.
fn labels(name: &str, text: &str) -> HashMap<String, String> {
    let mut labels = HashMap::new();
    let (mut label, mut target, mut is_contents) = (String::new(), None, true);
    let broken = xml::walk(text, |step| match step {
        Step::Open(element) => match element.name().as_str() {
            "nav" => is_contents = element.attribute("type").is_none_or(|t| t == "toc"),
            "a" => (label, target) = (String::new(), element.attribute("href")),
            "navLabel" => label.clear(),
            "content" => add(&mut labels, name, element.attribute("src"), &label),
            _ => {}
        },
        Step::Close(end) if end == "a" && is_contents => add(&mut labels, name, target.take(), &label),
        Step::Close(_) => {}
        Step::Text(text) => label.push_str(&text),
    });
    // The entries above the broken place remain valid.
    drop(broken);
    labels
}

fn add(labels: &mut HashMap<String, String>, name: &str, target: Option<String>, label: &str) {
    let label = label.split_whitespace().collect::<Vec<_>>().join(" ");
    let Some(target) = target.filter(|_| !label.is_empty()) else { return };
    let file = target.split('#').next().unwrap_or_default();
    labels.entry(resolve(name, &decoded(file))).or_insert(label);
}

/// Encrypted files that only a licensed program can read.
fn encrypted(archive: &mut Archive<'_>) -> Result<HashSet<String>, String> {
    let text = archive.text("META-INF/encryption.xml")?.unwrap_or_default();
    let (mut files, mut algorithm) = (HashSet::new(), String::new());
    xml::walk(&text, |step| {
        let Step::Open(element) = step else { return };
        match element.name().as_str() {
            "EncryptedData" => algorithm.clear(),
            "EncryptionMethod" if algorithm.is_empty() => {
                algorithm = element.attribute("Algorithm").unwrap_or_default();
            }
            "CipherReference" if !FONT_HIDING.contains(&algorithm.as_str()) => {
                files.extend(element.attribute("URI").map(|uri| resolve("", &decoded(&uri))));
            }
            _ => {}
        }
    })?;
    Ok(files)
}

/// An address with percent escapes such as `%20` decoded.
fn decoded(address: &str) -> String {
    let mut bytes = Vec::with_capacity(address.len());
    let mut rest = address.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|h| str::from_utf8(h).ok()).and_then(|h| u8::from_str_radix(h, 16).ok());
        match hex {
            Some(byte) if first == b'%' => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_contents_give_labels() {
        let ncx = "<ncx><navPoint><navLabel><text>One</text></navLabel><content src='a%20b.xhtml#x'/>\
                   <navPoint><navLabel><text>Inner</text></navLabel><content src='a%20b.xhtml#y'/></navPoint></navPoint></ncx>";
        assert_eq!(labels("o/toc.ncx", ncx), HashMap::from([("o/a b.xhtml".into(), "One".into())]));
        let nav = "<nav epub:type='toc'><a href='c.xhtml'> Two\n<i>2</i></a></nav><nav epub:type='landmarks'><a href='d.xhtml'>Start</a></nav>";
        assert_eq!(labels("nav.xhtml", nav), HashMap::from([("c.xhtml".into(), "Two 2".into())]));
    }
}
