//! Directives: how each treats its argument and content.

use super::line::Line;

/// A directive without its content.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Directive<'a> {
    pub(super) name: &'a str,
    /// Lines of the argument.
    pub(super) argument: Vec<&'a str>,
    /// Options with their first lines.
    pub(super) options: Vec<(&'a str, &'a str)>,
    /// Number of lines of argument and options.
    pub(super) len: usize,
}

/// The parts of a directive that become text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Treatment {
    /// Nothing: it affects only the look, or refers to content elsewhere.
    Skip,
    /// The alternative text.
    Image,
    /// The content, verbatim.
    Literal,
    /// Argument and content, verbatim.
    Formula,
    /// The content; the argument is not text.
    Content,
    /// Argument and content.
    Text,
    /// Argument and content, unless the argument is a name for the following object.
    Unknown,
    /// The same, after these words.
    Labelled(&'static str),
    /// Rows.
    ListTable,
    /// Rows.
    CsvTable,
    /// The metadata of the page.
    Meta,
    /// Terms, each with an address.
    Glossary,
}

/// The readable parts of the directive with this name. An unknown directive may have argument and content.
pub(super) fn treatment(name: &str) -> Treatment {
    match name {
        "toctree"
        | "include"
        | "raw"
        | "index"
        | "contents"
        | "sectnum"
        | "section-numbering"
        | "header"
        | "footer"
        | "target-notes"
        | "default-role"
        | "role"
        | "sectionauthor"
        | "codeauthor"
        | "moduleauthor"
        | "highlight"
        | "highlightlang"
        | "tabularcolumns"
        | "title"
        | "bibliography"
        | "autosummary"
        | "todolist"
        | "literalinclude"
        | "graphviz"
        | "digraph"
        | "graph"
        | "inheritance-diagram"
        | "uml"
        | "mermaid"
        | "testsetup"
        | "testcleanup"
        | "date"
        | "unicode"
        | "replace"
        | "video"
        | "youtube"
        | "currentsection" => Treatment::Skip,
        "image" | "figure" => Treatment::Image,
        "code-block" | "code" | "sourcecode" | "parsed-literal" | "ipython" | "testcode" | "testoutput" | "doctest"
        | "prompt" | "productionlist" | "jupyter-execute" | "runblock" | "console" | "plot" => Treatment::Literal,
        "math" => Treatment::Formula,
        "only" | "ifconfig" | "container" | "class" | "rst-class" | "cssclass" | "tabs" | "tab-set" | "grid"
        | "grid-item" | "hlist" | "compound" | "acks" | "centered-content" => Treatment::Content,
        "versionadded" => Treatment::Labelled("Added in version"),
        "versionchanged" => Treatment::Labelled("Changed in version"),
        "deprecated" | "deprecated-removed" => Treatment::Labelled("Deprecated since version"),
        "versionremoved" => Treatment::Labelled("Removed in version"),
        "list-table" | "flat-table" => Treatment::ListTable,
        "csv-table" => Treatment::CsvTable,
        "meta" => Treatment::Meta,
        "glossary" => Treatment::Glossary,
        "note" | "warning" | "tip" | "hint" | "important" | "caution" | "danger" | "error" | "attention"
        | "seealso" | "rubric" | "centered" | "admonition" | "topic" | "sidebar" | "epigraph" | "highlights"
        | "pull-quote" | "todo" | "table" => Treatment::Text,
        _ => Treatment::Unknown,
    }
}

/// Reads the first lines of a directive; `lines` begin with its own.
pub(super) fn directive<'a>(lines: &[Line<'a>], name: &'a str, argument: &'a str) -> Directive<'a> {
    let mut directive = Directive { name, argument: Vec::new(), options: Vec::new(), len: 1 };
    if !argument.is_empty() {
        directive.argument.push(argument);
    }
    let indent = lines[0].indent;
    let mut options_at = None;
    for line in lines[1..].iter().take_while(|l| !l.text.is_empty() && l.indent > indent) {
        match (field(line.text), options_at) {
            (Some(option), at) if at.is_none_or(|at| at == line.indent) => {
                options_at = Some(line.indent);
                directive.options.push(option);
            }
            // The value of an option continues.
            (_, Some(at)) if line.indent > at => {}
            (_, None) if !argument.is_empty() => directive.argument.push(line.text),
            _ => break,
        }
        directive.len += 1;
    }
    directive
}

impl Directive<'_> {
    /// Value of an option.
    pub(super) fn option(&self, name: &str) -> Option<&str> {
        self.options.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
    }
}

/// Name and argument of a directive, from the text after `.. `.
pub(super) fn head(text: &str) -> Option<(&str, &str)> {
    let at = text.find("::")?;
    let (name, rest) = (text[..at].trim_end(), &text[at + 2..]);
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | ':');
    let valid = name.starts_with(char::is_alphanumeric) && name.chars().all(is_name);
    (valid && (rest.is_empty() || rest.starts_with(char::is_whitespace))).then(|| (name, rest.trim()))
}

/// Name and text of a field: `:name: text`.
pub(super) fn field(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix(':')?;
    let at = rest.match_indices(':').map(|(at, _)| at).find(|at| {
        let after = &rest[at + 1..];
        (after.is_empty() || after.starts_with(' ')) && !rest[..*at].ends_with('\\')
    })?;
    let name = &rest[..at];
    let valid = !name.is_empty() && !name.starts_with([' ', ':']) && !name.contains('`');
    valid.then(|| (name, rest[at + 1..].trim()))
}

#[cfg(test)]
mod tests {
    use super::{super::line::lines, *};

    #[test]
    fn heads_and_fields_are_told_from_text() {
        assert_eq!(head("py:function:: pour(a)"), Some(("py:function", "pour(a)")));
        assert_eq!(head("see a::b"), None);
        assert_eq!(field(":param x: text"), Some(("param x", "text")));
        assert_eq!(field(":ref:`x` and: y"), None);
    }

    #[test]
    fn argument_and_options_end_where_content_begins() {
        let text = ".. function:: a(b)\n              c(d)\n   :async:\n   :type: x\n      more\n\n   Text\n";
        let d = directive(&lines(text), "function", "a(b)");
        assert_eq!((d.argument.as_slice(), d.option("type"), d.len), (["a(b)", "c(d)"].as_slice(), Some("x"), 5));
        let d = directive(&lines(".. note::\n   Text\n"), "note", "");
        assert_eq!((d.argument.len(), d.len), (0, 1));
    }
}
