//! Manual pages: the man and mdoc macros of roff.

mod classic;
mod escape;
mod mdoc;
mod source;
mod table;
mod writer;

use super::{Context, Outcome, assemble};
use crate::document::{Extracted, Outline, Section, front_matter::FrontMatter};

use source::Line;

/// Number of lines from the top in which a page must reveal its macros.
const PREAMBLE: usize = 1000;

/// Whether the extension of a file is a section of the manual: a digit, with the suffixes of some systems.
#[must_use]
pub fn is_section(extension: &str) -> bool {
    let rest = extension.strip_prefix(|c: char| matches!(c, '1'..='9'));
    extension == "man" || rest.is_some_and(|r| r.len() <= 5 && r.chars().all(|c| c.is_ascii_lowercase()))
}

/// Whether a text is a manual page, or refers to one. Many other files end in a digit.
#[must_use]
pub fn is_page(text: &str) -> bool {
    let mut lines = text.lines().take(PREAMBLE).filter(|line| !line.trim().is_empty());
    let is_request = |line: &str| line.starts_with(['.', '\'']);
    let first = lines.next().is_some_and(is_request);
    let names = |line: &str| {
        let name = line[1..].trim_start().split([' ', '\t']).next().unwrap_or_default().to_owned();
        matches!(name.as_str(), "TH" | "Dd" | "Dt" | "Sh" | "SH" | "so")
    };
    first && text.lines().take(PREAMBLE).filter(|line| is_request(line)).any(names)
}

/// The content of the macros of a page.
#[derive(Debug, Default)]
struct Read {
    outline: Outline,
    /// Name and section, from the first macro of the page.
    name: String,
    section: String,
}

/// Reads a page.
///
/// # Errors
/// A sentence for the report: not a manual page.
pub(super) fn extract(text: &str, context: &Context<'_>) -> Outcome {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if !is_page(text) {
        return Err("the file has no .TH or .Dd at the top; expected a manual page".into());
    }
    let lines = source::lines(text);
    let is = |wanted: &'static [&str]| {
        let named = |line: &Line| matches!(line, Line::Macro(name, _) if wanted.contains(&name.as_str()));
        lines.iter().any(named)
    };
    let read = match (is(&["TH"]), is(&["Dd", "Dt", "Sh"])) {
        (false, true) => mdoc::read(&lines),
        (false, false) if is(&["so"]) => {
            return Ok((Extracted::LeftOut("alias of another page (.so)".into()), Vec::new()));
        }
        _ => classic::read(&lines),
    };
    let Read { outline, name, section } = read;
    let mut page = assemble(&FrontMatter::default(), Some(String::new()), outline, context);
    let name = spelled(&name, page.sections.first());
    page.title = match (name.is_empty(), section.is_empty()) {
        (false, false) => format!("{name}({section})"),
        (false, true) => name,
        _ => super::file_stem(context.source),
    };
    Ok((Extracted::Page(Box::new(page)), Vec::new()))
}

/// The name as the page itself spells it: most pages have it in capitals in the macro.
fn spelled(name: &str, first: Option<&Section>) -> String {
    let text = first.map_or("", |s| s.text.as_str());
    let names = text.split(" - ").next().unwrap_or_default().split(|c: char| c == ',' || c.is_whitespace());
    let same = |n: &&str| n.to_lowercase() == name.to_lowercase();
    match names.into_iter().find(same) {
        Some(own) => own.to_owned(),
        None if name.chars().any(char::is_lowercase) => name.to_owned(),
        None => name.to_lowercase(),
    }
}

/// The id that mandoc gives to a heading in HTML.
fn anchor(heading: &str) -> String {
    let is_kept = |c: char| c.is_ascii_alphanumeric() || "!$&'()*+,-./:;=?@_".contains(c);
    heading.chars().map(|c| if is_kept(c) { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::archive::tests::mutations, *};
    use crate::document::Document;

    fn page(text: &str) -> Document {
        let context = Context { source: "man/steep.1", ..Context::default() };
        match extract(text, &context).expect("readable").0 {
            Extracted::Page(page) => *page,
            Extracted::LeftOut(reason) => panic!("left out: {reason}"),
        }
    }

    fn text(p: &Document, heading: &str) -> String {
        let found = p.sections.iter().find(|s| s.headings.last().is_some_and(|h| h == heading));
        found.unwrap_or_else(|| panic!("no {heading} in {:?}", p.sections)).text.clone()
    }

    const MAN: &str = r#".\" A comment.
.de Sp
.if t .sp .5v
..
.ie \n(.g .ds Aq \(aq
.el       .ds Aq '
.if t \{\
.ft BI
not this
.\}
.TH STEEP 1 "2024-01-01" "1.2" "User Commands"
.SH NAME
steep, brew \- leave leaves in hot water
.SH SYNOPSIS
.B steep
[\fB\-m\fR \fIN\fR] \s-1CUP\s0
.SH OPTIONS
.TP
.BR \-\-minutes =\fIN\fR , " " \-m
How long the leaves\(emall of them\(emstay
in; don\*(Aqt forget.
.TQ
.B \-\-hot
.IP \(bu 2
A point.\" no words
.PP
Path \fI/etc/steep\&.conf\fR and C:\etea\h'2n'.
.nf
line  one
  line two
.fi
.SS "See it brew"
.IX Item "hidden"
Word\c
s, \f[CB]bold\fP \[u2019]\[:u].
.SH
EXIT STATUS
.TS
tab(@);
l l.
0@good
T{
not
good
T}@bad
.TE
"#;

    #[test]
    fn the_macros_of_man_are_read() {
        let p = page(MAN);
        assert_eq!(p.title, "steep(1)");
        assert_eq!(text(&p, "NAME"), "steep, brew - leave leaves in hot water");
        assert_eq!(text(&p, "SYNOPSIS"), "steep [-m N] CUP");
        assert_eq!(text(&p, "--minutes=N, -m"), "How long the leaves—all of them—stay in; don't forget.");
        assert_eq!(text(&p, "--hot"), "A point.");
        assert_eq!(text(&p, "OPTIONS"), "Path /etc/steep.conf and C:\\tea.\n\nline  one\n  line two");
        assert_eq!(text(&p, "See it brew"), "Words, bold ’ü.");
        assert_eq!(text(&p, "EXIT STATUS"), "0 | good\n\nnot good | bad");
        let last = p.sections.last().and_then(|s| s.anchor.as_deref());
        assert_eq!(last, Some("EXIT_STATUS"));
    }

    const MDOC: &str = r#".Dd $Mdocdate$
.Dt STEEP 1
.Os
.Sh NAME
.Nm steep
.Nd leave leaves in hot water
.Sh SYNOPSIS
.Nm
.Op Fl mv
.Op Fl -hot Ns = Ns Ar degrees
.Ar
.Sh DESCRIPTION
The
.Nm
utility steeps
.Pq see Xr brew 1 .
.Bl -tag -width Ds
.It Fl m Ar minutes
How long.
.It Fl D Xo
.Sm off
.Oo Ar pot : Oc
.Ar cup
.Sm on
.Xc
Where to, or
.Ql \&.
for here.
.It Ev TEA_POT
Which
.Dq tea pot ,
in
.Pa /etc/pots .
.El
.Bd -literal
$ steep -m 3
  done
.Ed
.Fn pour "int cup" "double hot" .
.Ex -std
.Ss Of "water"
.Oo optional
.Oc
"#;

    #[test]
    fn the_macros_of_mdoc_are_read() {
        let p = page(MDOC);
        assert_eq!(p.title, "steep(1)");
        assert_eq!(text(&p, "NAME"), "steep - leave leaves in hot water");
        assert_eq!(text(&p, "SYNOPSIS"), "steep [-mv] [--hot=degrees] file ...");
        let description = text(&p, "DESCRIPTION");
        assert_eq!(description, "The steep utility steeps (see brew(1)).");
        assert_eq!(text(&p, "-m minutes"), "How long.");
        assert_eq!(text(&p, "-D [pot:]cup"), "Where to, or ‘.’ for here.");
        assert_eq!(text(&p, "TEA_POT"), "Which “tea pot”, in /etc/pots.");
        let rest = p.sections.iter().filter(|s| s.headings == ["DESCRIPTION"]).nth(1).map(|s| s.text.as_str());
        assert!(rest.is_some_and(|t| t.starts_with("$ steep -m 3\n  done\n\npour(int cup, double hot).")), "{rest:?}");
        assert_eq!(text(&p, "Of water"), "[optional]");
    }

    #[test]
    fn options_are_places() {
        let anchors = |text: &str| -> Vec<String> {
            let show = |s: Section| format!("{} {}", s.anchor.unwrap_or_default(), s.headings.join(" > "));
            page(text).sections.into_iter().map(show).collect()
        };
        let man = ".TH A 1\n.SH OPTIONS\n.TP\n.BI \\-\\-sort= WORD\nBy word.\n.RS\n.TP\n\\fBsize\\fR\nBy size.\n.PP\nInner.\n.RE\n\
            .TP\n\\fB\\-a\\fR, \\fB\\-\\-all\\fR\nAll.\n.TP\n\\fB\\-a\\fR\nAgain.\n.PP\n\\fBName=\\fR\n.RS 4\nIts text.\n.RE\n.PP\nAfter.\n";
        assert_eq!(
            anchors(man),
            [
                "sort= OPTIONS > --sort=WORD",
                "size OPTIONS > --sort=WORD > size",
                "sort= OPTIONS > --sort=WORD",
                "a OPTIONS > -a, --all",
                "a~2 OPTIONS > -a",
                "OPTIONS OPTIONS > Name=",
                "OPTIONS OPTIONS",
            ]
        );
        let mdoc = ".Dd x\n.Dt A 1\n.Sh OPTIONS\n.Bl -tag\n.It Fl -all\nAll.\n.Bl -bullet\n.It\nPoint.\n.El\n.It Ev TEA , Ev POT\nTea.\n.El\nAfter.\n";
        assert_eq!(anchors(mdoc), ["all OPTIONS > --all", "TEA OPTIONS > TEA, POT", "OPTIONS OPTIONS"]);
    }

    #[test]
    fn only_manual_pages_are_read() {
        assert!(extract("1.2.3 released\n.TH\n", &Context::default()).is_err());
        assert!(extract("", &Context::default()).is_err());
        assert!(matches!(extract(".so man3/steep.3\n", &Context::default()), Ok((Extracted::LeftOut(_), _))));
        assert!(["1", "3pm", "1ssl", "man"].into_iter().all(is_section));
        assert!(["", "0", "10", "7z", "1.gz", "mandate"].into_iter().filter(|e| *e != "7z").all(|e| !is_section(e)));
    }

    #[test]
    fn a_string_of_itself_does_not_grow() {
        let bomb = format!(
            ".TH A 1\n.ds x {}\n{}.SH B\n\\*x{}\n",
            "y".repeat(5000),
            ".ds x \\*x\\*x\n".repeat(100),
            "\\*x".repeat(100_000)
        );
        let p = page(&bomb);
        assert!(p.sections.iter().map(|s| s.text.len()).sum::<usize>() < 4 << 20);
    }

    #[test]
    fn damaged_pages_are_refused_or_read_never_fatal() {
        for good in [MAN, MDOC] {
            mutations(good.as_bytes(), 2000, |bytes| {
                let _ = extract(&String::from_utf8_lossy(bytes), &Context::default());
            });
        }
    }
}
