//! Identifies the headings among the paragraphs of a Word document.

use std::collections::HashMap;

use super::super::xml;

/// Maximum length of a chain of styles, each based on the next.
const LONGEST_CHAIN: usize = 16;

/// The role of a paragraph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The title of the document.
    Title,
    /// A heading of this level, from 1.
    Heading(u8),
    /// A line of a table of contents.
    Contents,
    /// Text.
    Text,
}

/// The styles of a document, by id. Ids are in the language of the program that wrote them.
#[derive(Debug, Default)]
pub(super) struct Styles(HashMap<String, Style>);

#[derive(Debug, Default)]
struct Style {
    role: Option<Role>,
    based_on: String,
}

impl Styles {
    /// Reads `styles.xml`. The names of the built-in styles are English in any language.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let mut styles = Self::default();
        let mut id = String::new();
        xml::walk(text, |step| {
            let xml::Step::Open(element) = step else { return };
            let name = element.name();
            if name == "style" {
                id = element.attribute("styleId").unwrap_or_default();
                styles.0.insert(id.clone(), Style::default());
                return;
            }
            let Some(style) = styles.0.get_mut(&id) else { return };
            let value = element.attribute("val").unwrap_or_default();
            match name.as_str() {
                "name" => style.role = style.role.or(role_of_name(&value)),
                "basedOn" => style.based_on = value,
                "outlineLvl" => style.role = style.role.or(role_of_level(&value)),
                _ => {}
            }
        })?;
        Ok(styles)
    }

    /// The role of a paragraph of this style.
    pub(super) fn role(&self, id: &str) -> Role {
        let mut id = id;
        for _ in 0..LONGEST_CHAIN {
            match self.0.get(id) {
                Some(Style { role: Some(role), .. }) => return *role,
                Some(style) => id = &style.based_on,
                // A document without a list of styles still refers to them.
                None => return role_of_name(id).unwrap_or(Role::Text),
            }
        }
        Role::Text
    }
}

/// The role of an outline level, which counts from 0; 9 is text.
pub(super) fn role_of_level(level: &str) -> Option<Role> {
    let level: u8 = level.parse().ok()?;
    (level < 9).then_some(Role::Heading(level + 1))
}

fn role_of_name(name: &str) -> Option<Role> {
    let name = name.to_ascii_lowercase().replace(' ', "");
    if name == "title" {
        return Some(Role::Title);
    }
    if let Some(level) = name.strip_prefix("heading") {
        return level.parse().ok().filter(|l| (1..=9).contains(l)).map(Role::Heading);
    }
    let is_contents = name.strip_prefix("toc").is_some_and(|l| l == "heading" || l.parse::<u8>().is_ok());
    is_contents.then_some(Role::Contents)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_style_in_a_circle_is_text() {
        let styles = Styles::read(
            "<s><style styleId='a'><basedOn val='b'/></style><style styleId='b'><basedOn val='a'/></style></s>",
        );
        assert_eq!(styles.expect("readable").role("a"), Role::Text);
    }

    #[test]
    fn names_without_a_list_of_styles_count() {
        let styles = Styles::default();
        let roles = ["Heading2", "heading 10", "TOC1", "toc heading", "Title", "Tocsin"].map(|n| styles.role(n));
        assert_eq!(roles, [Role::Heading(2), Role::Text, Role::Contents, Role::Contents, Role::Title, Role::Text]);
    }
}
