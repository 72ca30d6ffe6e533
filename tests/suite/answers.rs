//! Whether highlights lead to answers, on questions whose answers are known.

use std::{collections::HashMap, fs, ops::Range, path::Path};

use cloze_query::{Engine, Highlight, Request, json::Snippet};
use unicode_segmentation::UnicodeSegmentation;

use crate::reference::objects;

/// Shares of the questions, among those whose right paragraph is first.
#[derive(Debug)]
#[allow(dead_code, reason = "shown")]
pub struct Covered {
    pub questions: usize,
    /// Of the sentences of a paragraph, how many have the answer.
    pub chance: f64,
    /// The sentence with the most marks has the answer: words of the query marked.
    pub keyword: f64,
    /// The same with semantic highlighting.
    pub semantic: f64,
}

/// Takes `count` questions evenly from a set in the layout of BEIR, answers in their metadata.
pub fn covered(engine: &Engine, set: &Path, count: usize) -> Covered {
    let texts: HashMap<String, String> = objects(&set.join("corpus.jsonl"))
        .into_iter()
        .map(|d| (d["_id"].as_str().unwrap().to_owned(), tidy(d["text"].as_str().unwrap())))
        .collect();
    let right: HashMap<String, String> = fs::read_to_string(set.join("qrels/test.tsv"))
        .unwrap()
        .lines()
        .filter_map(|l| l.split_once('\t'))
        .map(|(query, rest)| (query.to_owned(), rest.split('\t').next().unwrap().to_owned()))
        .collect();
    let questions = objects(&set.join("queries.jsonl"));
    let step = questions.len() / count;
    let mut sum = [0.0; 3];
    let mut taken = 0;
    for question in questions.iter().step_by(step).take(count) {
        let Some(page) = right.get(question["_id"].as_str().unwrap()) else { continue };
        let answers: Vec<&str> =
            question["metadata"]["answers"].as_array().unwrap().iter().map(|a| a.as_str().unwrap()).collect();
        let [keyword, semantic] = [Highlight::Keyword, Highlight::Semantic].map(|highlight| {
            let mut request = Request::new(question["text"].as_str().unwrap()).unwrap().page(0, 1).unwrap();
            request.highlight = highlight;
            engine.search(&request).unwrap().hits.into_iter().next()
        });
        let (Some(keyword), Some(semantic)) = (keyword, semantic) else { continue };
        if keyword.id != *page {
            continue;
        }
        let text = &texts[page];
        let has = |sentence: &Range<usize>| answers.iter().any(|a| text[sentence.clone()].contains(a));
        let sentences: Vec<Range<usize>> =
            text.split_sentence_bound_indices().map(|(at, s)| at..at + s.len()).collect();
        taken += 1;
        sum[0] += sentences.iter().filter(|s| has(s)).count() as f64 / sentences.len() as f64;
        for (sum, snippet) in sum[1..].iter_mut().zip([&keyword.snippet, &semantic.snippet]) {
            *sum += f64::from(u8::from(most_marked(text, &sentences, snippet).is_some_and(has)));
        }
    }
    let [chance, keyword, semantic] = sum.map(|s| s / taken as f64);
    Covered { questions: taken, chance, keyword, semantic }
}

fn tidy(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The sentence of the whole text with the most marked characters.
fn most_marked<'a>(text: &str, sentences: &'a [Range<usize>], snippet: &Snippet) -> Option<&'a Range<usize>> {
    let shown = snippet.text.trim_matches('…');
    let shift = (snippet.text.len() - snippet.text.trim_start_matches('…').len()) / '…'.len_utf8();
    let start = text.find(shown)?;
    let bytes = |unit: u32| -> usize {
        let units = unit as usize - shift;
        shown
            .char_indices()
            .scan(0, |at, (byte, c)| {
                let here = *at;
                *at += c.len_utf16();
                Some((here, byte))
            })
            .find(|(at, _)| *at >= units)
            .map_or(shown.len(), |(_, byte)| byte)
    };
    let marks: Vec<Range<usize>> =
        snippet.highlights.iter().map(|[a, b]| start + bytes(*a)..start + bytes(*b)).collect();
    let marked = |s: &Range<usize>| -> usize {
        marks.iter().map(|m| m.end.min(s.end).saturating_sub(m.start.max(s.start))).sum()
    };
    sentences.iter().filter(|s| marked(s) > 0).reduce(|best, s| if marked(s) > marked(best) { s } else { best })
}
