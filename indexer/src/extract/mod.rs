//! Turns one file of one format into a document.

mod archive;
mod asciidoc;
mod docx;
mod epub;
mod html;
mod jsonl;
mod link_list;
mod man;
mod markdown;
mod notebook;
mod org;
mod own_title;
mod pdf;
mod rst;
mod template;
mod text;
mod xml;

pub use html::{Sketch, sketch};
pub use jsonl::record;
pub use man::{is_page, is_section};

use crate::{
    document::{Document, Extracted, Outline, front_matter::FrontMatter},
    source::urls::{UrlStyle, is_frame, page_url},
};

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Markdown, MDX.
    Markdown,
    /// HTML.
    Html,
    /// Plain text.
    Text,
    /// One record per line.
    Jsonl,
    /// Records in a table.
    Csv,
    /// reStructuredText, also with Sphinx's directives.
    Rst,
    /// AsciiDoc.
    AsciiDoc,
    /// Org mode.
    Org,
    /// Jupyter notebook.
    Notebook,
    /// Manual page: man or mdoc.
    Man,
    /// Word document.
    Docx,
    /// Book.
    Epub,
    /// PDF.
    Pdf,
}

impl Format {
    /// The format for the extension of a file name, if Cloze indexes it.
    #[must_use]
    pub fn of_extension(extension: &str) -> Option<Self> {
        match extension.to_ascii_lowercase().as_str() {
            "md" | "mdx" | "markdown" => Some(Self::Markdown),
            "html" | "htm" | "xhtml" => Some(Self::Html),
            "txt" | "text" => Some(Self::Text),
            "jsonl" | "ndjson" => Some(Self::Jsonl),
            "csv" | "tsv" => Some(Self::Csv),
            "rst" | "rest" => Some(Self::Rst),
            "adoc" | "asciidoc" | "asc" => Some(Self::AsciiDoc),
            "org" => Some(Self::Org),
            "ipynb" => Some(Self::Notebook),
            "docx" => Some(Self::Docx),
            "epub" => Some(Self::Epub),
            "pdf" => Some(Self::Pdf),
            extension if is_section(extension) => Some(Self::Man),
            _ => None,
        }
    }

    /// The format for a media type in lower case, if Cloze indexes it.
    #[must_use]
    pub fn of_content_type(media_type: &str) -> Option<Self> {
        match media_type {
            "text/html" | "application/xhtml+xml" => Some(Self::Html),
            "text/markdown" | "text/x-markdown" => Some(Self::Markdown),
            "text/plain" => Some(Self::Text),
            "text/csv" => Some(Self::Csv),
            "text/x-rst" | "text/prs.fallenstein.rst" => Some(Self::Rst),
            "text/asciidoc" => Some(Self::AsciiDoc),
            "application/x-ipynb+json" => Some(Self::Notebook),
            "application/epub+zip" => Some(Self::Epub),
            "application/pdf" => Some(Self::Pdf),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => Some(Self::Docx),
            "application/jsonl" | "application/x-ndjson" | "application/jsonlines" => Some(Self::Jsonl),
            _ => None,
        }
    }

    /// Whether a file holds records, which are read one by one.
    #[must_use]
    pub fn has_records(self) -> bool {
        matches!(self, Self::Jsonl | Self::Csv)
    }

    /// Whether a file is binary, and therefore has no charset.
    #[must_use]
    pub fn is_binary(self) -> bool {
        matches!(self, Self::Docx | Self::Epub | Self::Pdf)
    }
}

/// The context that the extractors need besides the text.
#[derive(Debug, Clone, Default)]
pub struct Context<'a> {
    /// Name of the page: its path relative to the indexed folder.
    pub source: &'a str,
    /// Prefix of addresses.
    pub base_url: &'a str,
    /// How paths become addresses.
    pub url_style: UrlStyle,
    /// Address of the page, if it does not follow from its name.
    pub address: Option<&'a str>,
    /// Title from the navigation file, for a page without one.
    pub navigation_title: Option<&'a str>,
    /// Hashes of blocks that the site repeats on its pages (see [`Sketch`]).
    pub repeated: &'a [u64],
}

/// The result for a file, and the warnings for its author.
pub type Outcome = Result<(Extracted, Vec<String>), String>;

/// Reads one file. The error is the reason to skip it.
///
/// # Errors
/// A sentence for the report.
pub fn file(format: Format, text: &str, context: &Context<'_>) -> Outcome {
    if is_frame(context.url_style, context.source) {
        return Ok((Extracted::LeftOut("the wiki shows it around each page".into()), Vec::new()));
    }
    match format {
        Format::Markdown => markdown::extract(text, context),
        Format::Html => html::extract(text, context),
        Format::Text => Ok((Extracted::Page(Box::new(text::extract(text, context))), Vec::new())),
        Format::Rst => rst::extract(text, context),
        Format::AsciiDoc => asciidoc::extract(text, context),
        Format::Org => org::extract(text, context),
        Format::Notebook => notebook::extract(text, context),
        Format::Man if !is_page(text) => Ok((Extracted::LeftOut("not a manual page".into()), Vec::new())),
        Format::Man => man::extract(text, context),
        Format::Jsonl | Format::Csv => Err("the format has records; expected a format with one page per file".into()),
        Format::Docx | Format::Epub | Format::Pdf => Err("the format is binary; expected a text format".into()),
    }
}

/// Reads one file of a binary format. The error is the reason to skip it.
///
/// # Errors
/// A sentence for the report.
pub fn binary(format: Format, bytes: &[u8], context: &Context<'_>) -> Outcome {
    match format {
        Format::Docx => docx::extract(bytes, context),
        Format::Epub => epub::extract(bytes, context),
        Format::Pdf => pdf::extract(bytes, context),
        _ => Err("the format is text; expected a binary format".into()),
    }
}

/// Assembles a page from its front matter and outline.
fn assemble(front: &FrontMatter, own_title: Option<String>, outline: Outline, context: &Context<'_>) -> Document {
    let first_heading = outline.first_heading().map(str::to_owned);
    let title = front
        .text(&["title"])
        .or(own_title)
        .or(first_heading)
        .or_else(|| context.navigation_title.map(str::to_owned))
        .unwrap_or_else(|| named_title(context));
    let slug_keys: &[&str] = match context.url_style {
        UrlStyle::Docusaurus => &["slug", "id"],
        _ => &["permalink", "url", "slug"],
    };
    let slug = front.text(slug_keys);
    let mut sections = outline.finish(&title);
    if let Some(description) = front.text(&["description", "summary"]).filter(|d| is_prose(d)) {
        describe(&mut sections, &description);
    }
    Document {
        source: context.source.to_owned(),
        url: match context.address {
            Some(address) => address.to_owned(),
            None => page_url(context.base_url, context.url_style, context.source, slug.as_deref()),
        },
        lang: front.text(&["lang", "language"]),
        metadata: front.metadata(),
        title,
        sections,
    }
}

/// The summary of a page becomes searchable with its first text, unless both are the same.
fn describe(sections: &mut Vec<crate::document::Section>, description: &str) {
    match sections.first_mut().filter(|s| s.headings.is_empty()) {
        Some(first) if first.text.contains(description) => {}
        Some(first) => first.text = format!("{description}\n\n{}", first.text),
        None => sections.insert(0, crate::document::Section { text: description.to_owned(), ..Default::default() }),
    }
}

/// Some sites put a date or a number in place of a description.
fn is_prose(text: &str) -> bool {
    text.split_whitespace().filter(|w| w.chars().filter(|c| c.is_alphabetic()).count() > 2).count() >= 3
}

/// The title of a page that has none: its name. A wiki writes spaces as dashes.
fn named_title(context: &Context<'_>) -> String {
    let stem = file_stem(context.source);
    if context.url_style == UrlStyle::Wiki { stem.replace('-', " ") } else { stem }
}

pub(crate) fn file_stem(source: &str) -> String {
    let source = source.trim_end_matches('/');
    let name = source.rsplit('/').next().unwrap_or(source);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned()
}
