//! From text to the terms of the index and of queries.
//!
//! The analysis cuts text at white space into chunks, and a chunk into words at every character other than a letter
//! or digit. Beside its words, a chunk that is more than a word (`C++`, `--dry-run`, `std::io::Read`, `useEffect`,
//! `7.4.1`) is a term as a whole, so that an identifier finds itself first and its parts find it too. So is every name
//! in it. Neighbouring parts of a name are one more term (`username` in `getUserName`). Emoji and operators are terms at
//! the position of the word after them. The analysis
//! cuts Chinese, Japanese and Korean into overlapping pairs of characters, because these languages have no spaces or
//! attach endings to words.
//!
//! A stemmer knows its language's accents, so it runs before their removal. It therefore makes two stems of
//! `sécurité` and `securite`. The index holds the second beside the first, for users who type without accents.

use std::ops::Range;

use super::{
    composed::Composed,
    cutting::{chunk, compound_parts, is_cjk, is_cjk_at, pieces, plain_word, words},
    language::stemmer,
    names::{inside_term, joined, names, without_sigils},
    stems::{LONGEST_TERM, Stems},
    symbols::symbols,
};

/// Version of what becomes of a text here; goes up when the same text gets other terms than before. Builds write an
/// index of another version anew.
pub const ANALYSIS: u32 = 1;

/// What a stretch of a text is that became a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A word.
    Word,
    /// An identifier as it is written, such as `std::io::Read`.
    Whole,
    /// A part of a word, such as `Effect` in `useEffect`.
    Part,
    /// Neighbouring parts of a name together.
    Joined,
    /// An emoji or an operator.
    Symbol,
}

/// A word of a text, and a term for it in the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnalysedWord {
    /// The term: lower case, without accents, stemmed if it is a word.
    pub term: String,
    /// The second term: the stem of the word without its accents, if that differs.
    pub bare: Option<String>,
    /// The range of bytes of the text that it stands for (half-open).
    pub bytes: Range<usize>,
    /// Number of the word inside the text. Terms of one word share it.
    pub position: usize,
    /// What it is.
    pub form: Form,
}

impl AnalysedWord {
    /// Its term, and its second term if it has one.
    pub fn terms(&self) -> impl Iterator<Item = &String> {
        [&self.term].into_iter().chain(&self.bare)
    }

    /// Whether it is a word; the whole of an identifier and parts are not.
    #[must_use]
    pub fn is_word(&self) -> bool {
        self.form == Form::Word
    }
}

/// Turns text of one language into terms.
pub struct Analyzer(Stems);

impl Analyzer {
    /// The analyzer for a page's language (BCP 47); English if the page states none, no stemming for a language
    /// without a stemmer.
    #[must_use]
    pub fn for_language(lang: Option<&str>) -> Self {
        Self(Stems::of(stemmer(lang.unwrap_or("en"))))
    }

    /// All terms of a text for the index.
    pub fn index_terms(&mut self, text: &str) -> Vec<AnalysedWord> {
        self.terms(text, true, true, |_| true)
    }

    /// The same, without most of the words that `is_wanted` refuses: it sees each that is a chunk of ASCII letters and
    /// has no parts, and the terms of the other chunks are all there. Symbols are there only if `symbols`.
    pub(super) fn index_terms_like(
        &mut self,
        text: &str,
        symbols: bool,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Vec<AnalysedWord> {
        self.terms(text, true, symbols, is_wanted)
    }

    /// The terms of a query: only the pairs for running Chinese, Japanese or Korean.
    pub fn query_terms(&mut self, text: &str) -> Vec<AnalysedWord> {
        self.terms(text, false, true, |_| true)
    }

    fn terms(
        &mut self,
        text: &str,
        single_cjk: bool,
        symbols: bool,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Vec<AnalysedWord> {
        let composed = Composed::of(text);
        let text = composed.text();
        let (mut terms, end) = self.composed_terms(text, single_cjk, is_wanted);
        if symbols {
            add_symbols(text, end, &mut terms);
        }
        terms.retain(|w| !w.term.is_empty() && w.term.len() <= LONGEST_TERM);
        terms.iter_mut().for_each(|w| w.bytes = composed.origin(&w.bytes));
        terms
    }

    /// The terms of all words, and the position after the last one.
    fn composed_terms(
        &mut self,
        text: &str,
        single_cjk: bool,
        is_wanted: impl Fn(&str) -> bool,
    ) -> (Vec<AnalysedWord>, usize) {
        let mut out = Vec::new();
        let mut position = 0;
        for piece in pieces(text) {
            // Most pieces are plain words, and a look at their bytes shows it.
            if plain_word(&text[piece.clone()]).is_some_and(|word| !is_wanted(word)) {
                position += 1;
                continue;
            }
            let Some(chunk) = chunk(text, piece) else { continue };
            let words = words(text, chunk.clone());
            let mut places = Vec::with_capacity(words.len());
            for word in &words {
                places.push(position);
                if is_cjk_at(text, word.start) {
                    position = cjk(text, word.clone(), position, single_cjk, &mut out);
                } else {
                    self.word(text, word.clone(), position, &mut out);
                    position += 1;
                }
            }
            if words.len() > 1 || words.first().is_some_and(|w| *w != chunk) {
                self.whole(text, &chunk, places[0], &mut out);
            }
            self.names(text, &chunk, &words, &places, &mut out);
        }
        (out, position)
    }

    /// A word, stemmed, and the parts of a compound such as `useEffect`.
    fn word(&mut self, text: &str, word: Range<usize>, position: usize, out: &mut Vec<AnalysedWord>) {
        let (term, bare) = self.0.stemmed(&text[word.clone()]);
        out.push(AnalysedWord { term, bare, bytes: word.clone(), position, form: Form::Word });
        let parts = compound_parts(text, word);
        for bytes in parts {
            let (term, bare) = self.0.stemmed(&text[bytes.clone()]);
            out.push(AnalysedWord { term, bare, bytes, position, form: Form::Part });
        }
    }

    /// The names in a chunk that are more than a word, and their neighbouring parts together. `places` are the
    /// positions of `words`.
    fn names(
        &mut self,
        text: &str,
        chunk: &Range<usize>,
        words: &[Range<usize>],
        places: &[usize],
        out: &mut Vec<AnalysedWord>,
    ) {
        let is_plain = |word: &Range<usize>| !text[word.clone()].chars().skip(1).any(char::is_uppercase);
        if words.is_empty() || (words.len() == 1 && words[0] == *chunk && is_plain(&words[0])) {
            return;
        }
        for name in names(text, chunk) {
            let from = words.partition_point(|word| word.start < name.start);
            let own = &words[from..words.partition_point(|word| word.end <= name.end).max(from)];
            let Some(&position) = places.get(from).filter(|_| !own.is_empty()) else { continue };
            let bare = without_sigils(text, &name);
            let forms = [&name, &bare];
            for form in forms.into_iter().take(if name == bare { 1 } else { 2 }) {
                if form != chunk && own != [form.clone()] {
                    self.whole(text, form, position, out);
                }
            }
            for (joined, bytes) in joined(text, &name, own) {
                let term = inside_term(&self.0.stemmed(&joined).0);
                out.push(AnalysedWord { term, bare: None, bytes, position, form: Form::Joined });
            }
        }
    }

    /// A chunk as a whole: as it is written, and joined where hyphens and apostrophes stand between words.
    fn whole(&mut self, text: &str, chunk: &Range<usize>, position: usize, out: &mut Vec<AnalysedWord>) {
        let written = &text[chunk.clone()];
        // A possessive adds nothing to its word.
        let is_possessive = || written.contains(['\'', '’']) && words(text, chunk.clone()).len() == 1;
        if written.chars().any(is_cjk) || is_possessive() {
            return;
        }
        let between = |c: char| !c.is_alphanumeric();
        let is_joint = |c: char| matches!(c, '-' | '\'' | '’' | '\u{2010}');
        let is_compound = !written.starts_with(between) && written.chars().all(|c| !between(c) || is_joint(c));
        let (term, bare) = if is_compound {
            let joined: String = written.chars().filter(|c| !between(*c)).collect();
            self.0.stemmed(&joined)
        } else {
            (self.folded(written), None)
        };
        out.push(AnalysedWord { term, bare, bytes: chunk.clone(), position, form: Form::Whole });
    }

    /// Lower case, without accents.
    pub fn folded(&mut self, word: &str) -> String {
        self.0.folded(Composed::of(word).text())
    }
}

/// The words of a text with their terms in the index, to mark matches in a snippet.
#[must_use]
pub fn analyse(text: &str, lang: Option<&str>) -> Vec<AnalysedWord> {
    Analyzer::for_language(lang).index_terms(text)
}

/// Lower case, without accents: the form for comparing words that need no stemming.
#[must_use]
pub fn fold(text: &str) -> String {
    Analyzer::for_language(None).folded(text)
}

/// The form of a title for comparison with a query: lower case, without accents, with normalised white space and
/// without punctuation at its end.
pub(crate) fn verbatim_key(text: &str) -> String {
    let tidy = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let trimmed = tidy.trim_end_matches(['.', '?', '!', ':', ';', ',']);
    Analyzer::for_language(None).folded(trimmed)
}

/// Adds the symbols of a text, each at the place of the word after it: words that they stand between stay neighbours.
fn add_symbols(text: &str, end: usize, out: &mut Vec<AnalysedWord>) {
    let mut places: Vec<(usize, usize)> = Vec::new();
    for (term, bytes) in symbols(text) {
        if places.is_empty() {
            places = out.iter().filter(|w| w.is_word()).map(|w| (w.bytes.start, w.position)).collect();
        }
        let after = places.partition_point(|(start, _)| *start < bytes.start);
        let position = places.get(after).map_or(end, |(_, position)| *position);
        out.push(AnalysedWord { term, bare: None, bytes, position, form: Form::Symbol });
    }
}

/// Overlapping pairs of a run, each with its own position; also single characters if `single`, or if there is only
/// one. Returns the next position.
fn cjk(text: &str, run: Range<usize>, position: usize, single: bool, out: &mut Vec<AnalysedWord>) -> usize {
    let starts: Vec<usize> = text[run.clone()].char_indices().map(|(offset, _)| run.start + offset).collect();
    let end_of = |i: usize| starts.get(i + 1).copied().unwrap_or(run.end);
    let mut add = |bytes: Range<usize>, position, is_word| {
        let form = if is_word { Form::Word } else { Form::Part };
        out.push(AnalysedWord { term: text[bytes.clone()].to_owned(), bare: None, bytes, position, form });
    };
    for (i, &start) in starts.iter().enumerate() {
        if single || starts.len() == 1 {
            add(start..end_of(i), position + i, starts.len() == 1);
        }
        if i + 1 < starts.len() {
            add(start..end_of(i + 1), position + i, true);
        }
    }
    position + starts.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(text: &str) -> Vec<String> {
        Analyzer::for_language(None).index_terms(text).into_iter().map(|w| w.term).collect()
    }

    fn has(text: &str, expected: &[&str]) {
        let got = terms(text);
        for term in expected {
            assert!(got.iter().any(|g| g == term), "{term:?} of {text:?} in {got:?}");
        }
    }

    #[test]
    fn words_are_folded_and_stemmed_and_keep_their_place() {
        let text = "Déjà building, indices.";
        let words = Analyzer::for_language(None).index_terms(text);
        assert_eq!(words.iter().map(|w| w.term.as_str()).collect::<Vec<_>>(), ["deja", "build", "indic"]);
        assert_eq!(&text[words[1].bytes.clone()], "building");
        assert_eq!(words.iter().map(|w| w.position).collect::<Vec<_>>(), [0, 1, 2]);
    }

    #[test]
    fn identifiers_are_found_whole_and_by_their_parts() {
        has("use C++ here", &["c++", "c"]);
        has("pass `--dry-run`, please", &["--dry-run", "dri", "run"]);
        has("std::io::Read.", &["std::io::read", "std", "io", "read"]);
        has("(Get-ChildItem)", &["getchilditem", "get", "childitem", "child", "item"]);
        has("useEffect()", &["useeffect", "use", "effect"]);
        has("$PROFILE and .gitignore", &["$profile", "profil", ".gitignore", "gitignor"]);
        has("snake_case_name", &["snake_case_name", "snake", "case", "name"]);
        has("version 7.4.1", &["7.4.1", "7", "4", "1"]);
        has("HTTPServer", &["http", "server"]);
        has("$_GET['user_id']", &["$_get", "_get", "get", "user_id", "\u{2}userid"]);
        has("call foo.bar_baz(x)", &["bar_baz", "bar", "\u{2}barbaz"]);
        has("sha256 and ipv6", &["sha256", "sha", "256", "ipv6", "ipv"]);
        has("getUserName", &["getusernam", "user", "name", "\u{2}usernam"]);
    }

    #[test]
    fn plain_words_have_no_parts() {
        assert_eq!(terms("p53 in x86, McKay 2nd"), ["p53", "in", "x86", "mckay", "mc", "kay", "2nd"]);
    }

    #[test]
    fn symbols_stand_where_the_next_word_stands() {
        let words = Analyzer::for_language(None).index_terms("File → Edit 🚀");
        let places: Vec<_> = words.iter().map(|w| (w.term.as_str(), w.position)).collect();
        assert_eq!(places, [("file", 0), ("edit", 1), ("→", 1), ("🚀", 2)]);
    }

    #[test]
    fn possessives_hyphens_and_quotes() {
        assert_eq!(terms("the site's \"owner\""), ["the", "site", "owner"]);
        has("re-index", &["re", "index", "reindex"]);
        assert_eq!(terms("-- ... !?"), Vec::<String>::new());
    }

    #[test]
    fn cjk_is_cut_into_pairs() {
        assert_eq!(terms("検索エンジン")[..3], ["検", "検索", "索"]);
        let query: Vec<_> = Analyzer::for_language(None).query_terms("検索x").into_iter().map(|w| w.term).collect();
        assert_eq!(query, ["検索", "x"]);
        has("한국어 검색", &["한국", "국어", "검색"]);
        has("全文搜索", &["全文", "搜索"]);
    }

    #[test]
    fn the_stemmer_follows_the_language() {
        let mut german = Analyzer::for_language(Some("de-AT"));
        let term = |a: &mut Analyzer, t: &str| a.index_terms(t)[0].term.clone();
        assert_eq!(term(&mut german, "Häuser"), term(&mut german, "Haus"));
        let mut unknown = Analyzer::for_language(Some("ja"));
        assert_eq!(term(&mut unknown, "buildings"), "buildings");
    }

    #[test]
    fn a_word_is_also_the_stem_of_its_letters_without_accents() {
        for (lang, written, typed) in [
            ("fr", "sécurité", "securite"),
            ("fr", "élèves", "eleves"),
            ("es", "configuración", "configuracion"),
            ("pt", "configurações", "configuracoes"),
            ("it", "qualità", "qualita"),
            ("de", "Häuser", "Hauser"),
            ("en", "naïve", "naive"),
        ] {
            let mut analyzer = Analyzer::for_language(Some(lang));
            let page = analyzer.index_terms(written).remove(0);
            let query = analyzer.query_terms(typed).remove(0);
            assert!(query.bare.is_none());
            assert!(page.term == query.term || page.bare == Some(query.term), "{lang}: {written}");
        }
    }

    #[test]
    fn accents_typed_apart_change_nothing_but_places() {
        let mut french = Analyzer::for_language(Some("fr"));
        let (together, apart) = ("Déjà créé, l'été.", "De\u{301}ja\u{300} cre\u{301}e\u{301}, l'e\u{301}te\u{301}.");
        let plain = |words: Vec<AnalysedWord>| words.into_iter().map(|w| (w.term, w.bare)).collect::<Vec<_>>();
        let words = french.index_terms(apart);
        assert_eq!(&apart[words[1].bytes.clone()], "cre\u{301}e\u{301}");
        assert_eq!(plain(words), plain(french.index_terms(together)));
        assert_eq!(verbatim_key(apart), verbatim_key(together));
        assert_eq!(terms("\u{1100}\u{1165}\u{11b7}\u{1109}\u{1162}\u{11a8}"), terms("검색"));
        assert_eq!(terms("за\u{301}мок"), terms("замок"), "a stress mark is no letter");
    }

    #[test]
    fn data_is_not_a_word() {
        assert!(terms(&"x".repeat(300)).is_empty());
    }
}
