//! Decides whether the title in the properties of a file is a real title.

/// Extensions of the file names that programs write in place of a title.
const FILE_ENDINGS: [&str; 14] =
    [".doc", ".docx", ".dotx", ".rtf", ".odt", ".tex", ".dvi", ".ps", ".pdf", ".indd", ".qxd", ".fm", ".html", ".xml"];
/// Placeholders that programs write if the author gave no title.
const NO_TITLES: [&str; 6] = ["untitled", "unknown", "document", "document1", "title", "no title"];

/// Whether the title in the properties of a file describes the document.
pub(super) fn is_plausible(title: &str) -> bool {
    let lower = title.trim().to_lowercase();
    let letters = lower.chars().filter(|c| c.is_alphabetic()).count();
    letters >= 2
        && !NO_TITLES.contains(&lower.as_str())
        && !lower.starts_with("microsoft word")
        && !lower.starts_with("file:")
        && !FILE_ENDINGS.iter().any(|ending| lower.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_programs_write_is_no_title() {
        for title in ["", "Untitled", "Microsoft Word - a.doc", "report.tex", "12345", "Document1"] {
            assert!(!is_plausible(title), "{title}");
        }
        for title in ["R Data Import/Export", "急須", "Go"] {
            assert!(is_plausible(title), "{title}");
        }
    }
}
