//! Tags of templates: Hugo's `{{< >}}` and `{{% %}}`, Liquid's `{% %}`, the outputs specific to Jekyll, and
//! kramdown's extensions. The text between an opening and a closing tag stays.

use super::words;

/// Maximum length of a tag, in bytes.
const LONGEST: usize = 8192;
/// Prefixes of the outputs of Jekyll's Liquid; other double braces are content.
const ROOTS: [&str; 8] = ["site.", "page.", "include.", "content ", "content}", "'", "\"", "jekyll."];

/// Start and end marks of tags.
const FORMS: [(&str, &str); 6] =
    [("{{<", ">}}"), ("{{%", "%}}"), ("{%", "%}"), ("{{", "}}"), ("{::", "}"), ("{:/", "}")];

/// Finds the ends of tags in one text, and never scans a stretch of it twice.
pub(super) struct Tags<'t> {
    text: &'t str,
    has_liquid: bool,
    /// For each form: the start of the search for its end, and the position found.
    known: [(usize, Option<usize>); FORMS.len()],
}

impl<'t> Tags<'t> {
    pub(super) fn new(text: &'t str, has_liquid: bool) -> Self {
        let known = FORMS.map(|(_, end)| (0, text.find(end)));
        Self { text, has_liquid, known }
    }

    /// Length of the tag at a place, and its visible words.
    pub(super) fn at(&mut self, at: usize) -> Option<(usize, Vec<String>)> {
        let rest = &self.text[at..];
        let form = FORMS.iter().position(|(begin, _)| rest.starts_with(begin))?;
        let (begin, end) = FORMS[form];
        let is_tag = match begin {
            "{%" => self.has_liquid,
            "{{" => {
                let inner = rest[2..].trim_start_matches(['-', ' ']);
                self.has_liquid && ROOTS.iter().any(|root| inner.starts_with(root))
            }
            _ => true,
        };
        if !is_tag {
            return None;
        }
        let inner = at + begin.len();
        let length = self.end(form, inner)? - inner;
        let arguments = &self.text[inner..inner + length];
        let words = match begin {
            "{{" | "{::" | "{:/" => Vec::new(),
            _ => words::shown(arguments, begin != "{%"),
        };
        (length <= LONGEST).then_some((begin.len() + length + end.len(), words))
    }

    /// The end of a form that is open at a place.
    fn end(&mut self, form: usize, from: usize) -> Option<usize> {
        let (looked, found) = self.known[form];
        if from >= looked && found.is_none_or(|end| end >= from) {
            return found;
        }
        let found = self.text[from..].find(FORMS[form].1).map(|end| from + end);
        self.known[form] = (from, found);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_found_with_their_words() {
        for (tag, words) in [
            ("{{< figure src=\"a.png\" alt=\"a jar\" >}}", &["a jar"][..]),
            ("{{% tab \"On Linux\" %}}", &["On Linux"]),
            ("{{< /tab >}}", &[]),
            ("{% include note.html content=\"Keep <b>this</b>.\" %}", &["Keep <b>this</b>."]),
            ("{{ site.url }}", &[]),
            ("{::nomarkdown}", &[]),
        ] {
            let text = format!("{tag} }}}} %}}");
            let found = Tags::new(&text, true).at(0).expect(tag);
            assert_eq!(found, (tag.len(), words.iter().map(|w| (*w).to_owned()).collect()), "{tag}");
        }
        for other in ["{{ value }}", "{{< open", "{%", "{a}"] {
            assert_eq!(Tags::new(other, true).at(0), None, "{other}");
        }
        assert_eq!(Tags::new("{% x %}", false).at(0), None, "nothing says that this is Liquid");
    }
}
