//! Entries of Sphinx's domains: functions, classes, options, each with its own address.

use super::id::of_term;

/// An entry in the form of its directive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Name with its module or class.
    pub(super) name: String,
    /// Id, if known.
    pub(super) id: Option<String>,
    /// Prefix of the names of nested entries.
    pub(super) prefix: Option<String>,
}

/// The context that earlier directives set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scope {
    /// Default domain of directives.
    pub(super) domain: String,
    /// Current module of functions.
    pub(super) module: Option<String>,
    /// Current program of options.
    pub(super) program: Option<String>,
}

impl Default for Scope {
    fn default() -> Self {
        Self { domain: "py".into(), module: None, program: None }
    }
}

const PYTHON: [&str; 13] = [
    "function",
    "data",
    "class",
    "exception",
    "method",
    "classmethod",
    "staticmethod",
    "attribute",
    "property",
    "decorator",
    "decoratormethod",
    "type",
    "typealias",
];
const C: [&str; 11] =
    ["function", "member", "var", "data", "macro", "type", "struct", "union", "enum", "enumerator", "class"];
const JAVASCRIPT: [&str; 5] = ["function", "method", "class", "data", "attribute"];
const STANDARD: [&str; 6] = ["option", "cmdoption", "envvar", "confval", "describe", "object"];
const AUTOMATIC: [&str; 8] = [
    "autofunction",
    "autoclass",
    "automethod",
    "autoattribute",
    "autoexception",
    "autodata",
    "autodecorator",
    "autoproperty",
];

impl Scope {
    /// Domain and type of the entry that a directive makes, if any.
    pub(super) fn kind<'d>(&'d self, directive: &'d str) -> Option<(&'d str, &'d str)> {
        if let Some((domain, kind)) = directive.split_once(':') {
            let is_other =
                matches!(kind, "module" | "currentmodule" | "namespace" | "namespace-push" | "namespace-pop");
            return (!is_other && !domain.is_empty() && !kind.is_empty()).then_some((domain, kind));
        }
        let kinds: &[&str] = match self.domain.as_str() {
            "c" | "cpp" => &C,
            "js" => &JAVASCRIPT,
            _ => &PYTHON,
        };
        if kinds.contains(&directive) {
            return Some((&self.domain, directive));
        }
        if AUTOMATIC.contains(&directive) {
            return Some(("auto", &directive["auto".len()..]));
        }
        STANDARD.contains(&directive).then_some(("std", directive))
    }

    /// Reads one signature inside an entry whose names begin with `outer`.
    pub(super) fn entry(&self, domain: &str, kind: &str, signature: &str, outer: Option<&str>) -> Entry {
        match domain {
            "py" | "js" => self.dotted(self.module.as_deref(), kind, signature, outer),
            "auto" => {
                // A function name may include its module, a method name its module and class.
                let of_class = matches!(kind, "method" | "attribute" | "property");
                let is_whole = called(signature).matches('.').count() > usize::from(of_class);
                self.dotted(self.module.as_deref().filter(|_| !is_whole), kind, signature, outer)
            }
            "c" => {
                let name = joined(outer, declared(signature));
                Entry { id: Some(of_term("", &format!("c.{name}"))), prefix: Some(name.clone()), name }
            }
            "cpp" => {
                let name = declared(signature).to_owned();
                Entry { id: None, prefix: None, name }
            }
            "std" => self.standard(kind, signature),
            "rst" => markup(kind, signature, outer),
            _ => Entry { name: signature.to_owned(), id: None, prefix: None },
        }
    }

    fn dotted(&self, module: Option<&str>, kind: &str, signature: &str, outer: Option<&str>) -> Entry {
        let name = called(signature);
        let inner = match outer {
            Some(class) if name.strip_prefix(class).is_some_and(|rest| rest.starts_with('.')) => name.to_owned(),
            outer => joined(outer, name),
        };
        let prefix = match kind {
            "class" | "exception" => Some(inner.clone()),
            _ => inner.rsplit_once('.').map(|(class, _)| class.to_owned()),
        };
        let full = joined(module, &inner);
        let name = if outer.is_some() { inner } else { full.clone() };
        Entry { id: Some(of_term("", &full)), name, prefix }
    }

    fn standard(&self, kind: &str, signature: &str) -> Entry {
        let first = match kind {
            "option" | "cmdoption" => signature.split(", ").next().unwrap_or(signature),
            _ => signature,
        };
        let word = first.split([' ', '=', '[']).find(|w| !w.is_empty()).unwrap_or(first);
        let id = match kind {
            "option" | "cmdoption" => {
                let program = self.program.as_deref().map(|p| format!("-{}", p.replace(' ', "-")));
                Some(of_term(&format!("cmdoption{}", program.unwrap_or_default()), word))
            }
            "describe" | "object" => None,
            kind => Some(of_term(kind, signature)),
        };
        Entry { name: signature.to_owned(), id, prefix: None }
    }
}

/// Directives, their options, and roles, as in `.. code::`, `:class: name` and `:ref:`.
fn markup(kind: &str, signature: &str, outer: Option<&str>) -> Entry {
    let bare = signature.trim_start_matches("..").trim().trim_start_matches(':');
    let term = match kind {
        "directive" => bare.split("::").next().unwrap_or(bare),
        "directive:option" => bare.split([':', ' ']).next().unwrap_or(bare),
        _ => bare.trim_end_matches(':'),
    };
    let prefix = match (kind, outer) {
        ("directive:option", Some(directive)) => format!("directive-option-{directive}"),
        _ => kind.replace(':', "-"),
    };
    let inside = (kind == "directive").then(|| term.to_owned());
    Entry { name: term.to_owned(), id: Some(of_term(&prefix, term)), prefix: inside }
}

fn joined(outer: Option<&str>, name: &str) -> String {
    outer.map_or_else(|| name.to_owned(), |outer| format!("{outer}.{name}"))
}

/// `a.b` of `class a.b(c) -> d`.
fn called(signature: &str) -> &str {
    let end = signature.find(['(', '[', ':']).unwrap_or(signature.len());
    let head = signature[..end].split(" ->").next().unwrap_or_default();
    let name = head.split_whitespace().next_back().unwrap_or(signature);
    name.trim_start_matches('@')
}

/// `name` of `const char *name(int x)`, `void (*name)(int)` and `int name[3]`.
fn declared(signature: &str) -> &str {
    let pointer = signature.find(")(").map(|at| &signature[..at]).and_then(|s| s.rsplit('(').next());
    let rest = pointer.unwrap_or(signature);
    let end = rest.find(['(', ')', '[', '=', '{', ';']).unwrap_or(rest.len());
    let head = rest[..end].trim_end();
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | ':');
    let start = head.char_indices().rev().take_while(|(_, c)| is_name(*c)).last().map_or(0, |(at, _)| at);
    &head[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_have_the_ids_that_sphinx_makes() {
        let scope = Scope { module: Some("kettle".into()), program: Some("pour".into()), ..Scope::default() };
        for (domain, kind, signature, outer, name, id) in [
            ("py", "function", "pour(a, b=1) -> int", None, "kettle.pour", "kettle.pour"),
            ("py", "method", "lift(height)", Some("Lid"), "Lid.lift", "kettle.Lid.lift"),
            ("py", "method", "Lid.lift()", Some("Lid"), "Lid.lift", "kettle.Lid.lift"),
            ("py", "attribute", "Lid.size: int", None, "kettle.Lid.size", "kettle.Lid.size"),
            ("py", "data", "a.pour", None, "kettle.a.pour", "kettle.a.pour"),
            ("auto", "function", "a.pour", None, "a.pour", "a.pour"),
            ("auto", "method", "Lid.lift", None, "kettle.Lid.lift", "kettle.Lid.lift"),
            ("c", "function", "const char *pour(int x)", None, "pour", "c.pour"),
            ("c", "type", "void (*pour_fn)(int)", None, "pour_fn", "c.pour_fn"),
            ("c", "type", "int (pour_fn)(int)", None, "pour_fn", "c.pour_fn"),
            ("c", "member", "int size", Some("Lid"), "Lid.size", "c.Lid.size"),
            ("std", "option", "-o FILE, --output=FILE", None, "-o FILE, --output=FILE", "cmdoption-pour-o"),
            ("std", "envvar", "POUR_HOME", None, "POUR_HOME", "envvar-POUR_HOME"),
            ("std", "confval", "a_b", None, "a_b", "confval-a_b"),
            ("rst", "directive", ".. c:member:: declaration", None, "c:member", "directive-c-member"),
            (
                "rst",
                "directive:option",
                "caption: text",
                Some("toctree"),
                "caption",
                "directive-option-toctree-caption",
            ),
            ("rst", "role", ":c:data:", None, "c:data", "role-c-data"),
        ] {
            let entry = scope.entry(domain, kind, signature, outer);
            assert_eq!((entry.name.as_str(), entry.id.as_deref()), (name, Some(id)), "{signature}");
        }
    }
}
