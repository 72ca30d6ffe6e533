//! The scripts of an export: the search module and the widget, each in one file.

use crate::tight::tight;

/// A part of the search module, in the order in which the parts need each other.
const PARTS: [(&str, &str); 20] = [
    ("bytes.js", include_str!("../js/bytes.js")),
    ("files.js", include_str!("../js/files.js")),
    ("stem.js", include_str!("../js/stem.js")),
    ("analysis.js", include_str!("../js/analysis.js")),
    ("parse.js", include_str!("../js/parse.js")),
    ("index.js", include_str!("../js/index.js")),
    ("words.js", include_str!("../js/words.js")),
    ("correct.js", include_str!("../js/correct.js")),
    ("query.js", include_str!("../js/query.js")),
    ("bm25.js", include_str!("../js/bm25.js")),
    ("codes.js", include_str!("../js/codes.js")),
    ("pieces.js", include_str!("../js/pieces.js")),
    ("vectors.js", include_str!("../js/vectors.js")),
    ("fuse.js", include_str!("../js/fuse.js")),
    ("filters.js", include_str!("../js/filters.js")),
    ("texts.js", include_str!("../js/texts.js")),
    ("snippet.js", include_str!("../js/snippet.js")),
    ("condense.js", include_str!("../js/condense.js")),
    ("rank.js", include_str!("../js/rank.js")),
    ("search.js", include_str!("../js/search.js")),
];

/// Types of the module, for editors.
pub(crate) const TYPES: &str = include_str!("../js/search.d.ts");

/// The widget, as the server serves it.
pub(crate) const WIDGET: &str = include!("../../server/widget/parts.rs");

/// The search module in one file: the parts without their imports, and with the exports of the last part only.
pub(crate) fn module() -> String {
    let last = PARTS.len() - 1;
    let parts: String = PARTS.iter().enumerate().map(|(i, (_, part))| joined(part, i == last)).collect();
    tight(&parts)
}

fn joined(part: &str, keeps_exports: bool) -> String {
    let lines = part.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("import "));
    let lines = lines.filter(|line| !line.starts_with("//"));
    let line = |line: &str| match line.strip_prefix("export ").filter(|_| !keeps_exports) {
        Some(rest) => format!("{rest}\n"),
        None => format!("{line}\n"),
    };
    lines.map(line).collect()
}

/// A script, or a style sheet in it, without lines that are a comment, and without indentation.
pub(crate) fn packed(source: &str) -> String {
    let is_comment = |line: &str| line.starts_with("//") || line.starts_with("/*") && line.ends_with("*/");
    let lines = source.lines().map(str::trim).filter(|line| !line.is_empty() && !is_comment(line));
    lines.flat_map(|line| [line, "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_become_one_module() {
        let part = "// Why.\nimport { a } from \"./a.js\";\n\nexport function b() {\n  return a;\n}\n";
        assert_eq!(joined(part, false), "function b() {\nreturn a;\n}\n");
        assert_eq!(joined(part, true), "export function b() {\nreturn a;\n}\n");
        assert!(module().contains("export async function open("));
    }

    #[test]
    fn a_part_needs_only_parts_before_it() {
        let mut before: Vec<String> = Vec::new();
        for (name, part) in PARTS {
            for line in part.lines().filter(|line| line.starts_with("import ")) {
                assert!(before.iter().any(|known| line.contains(known)), "{name}: {line}");
            }
            before.push(format!("\"./{name}\""));
        }
    }
}
