//! Plain text: one section, titled by its file.

use super::{Context, assemble};
use crate::document::{Document, Outline, front_matter::FrontMatter};

pub(super) fn extract(text: &str, context: &Context<'_>) -> Document {
    let mut outline = Outline::default();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    text.split("\n\n").for_each(|paragraph| outline.paragraph(paragraph));
    assemble(&FrontMatter::default(), None, outline, context)
}
