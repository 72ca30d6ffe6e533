//! Mistyped queries: how many are corrected, the cost, and the relevance regained.
//!
//! ```text
//! cargo bench --bench typos -- --index DIR --queries queries.jsonl --qrels test.tsv [--first N] [--seed N]
//! ```
//!
//! One word of each judged query gets one typing error: a neighbour on the keyboard, two letters swapped,
//! one left out, doubled or inserted. The same candidates ranked by edits and then by frequency stand
//! beside the ranking that also reads the context.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{
    collections::HashMap,
    path::PathBuf,
    time::{Duration, Instant},
};

use clap::Parser;
use cloze_query::{
    Engine, Request,
    correct::{Candidate, Considered, Kind},
    eval,
};

#[derive(Parser)]
struct Args {
    #[arg(long)]
    index: PathBuf,
    #[arg(long)]
    queries: PathBuf,
    #[arg(long)]
    qrels: PathBuf,
    #[arg(long)]
    first: Option<usize>,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Skip the searches; only count corrections.
    #[arg(long)]
    no_search: bool,
    /// Write every word that was considered, with its candidates, as JSON lines: what weights are chosen by.
    #[arg(long)]
    dump: Option<PathBuf>,
    /// Show wrong corrections.
    #[arg(long)]
    show: bool,
    /// What cargo passes.
    #[arg(long, hide = true)]
    bench: bool,
}

/// A small generator that gives the same numbers everywhere (Steele, Lea and Flood, "SplitMix", 2014).
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % n as u64) as usize
    }
}

const KEYS: [(&str, &str); 26] = [
    ("q", "wa"),
    ("w", "qes"),
    ("e", "wrd"),
    ("r", "etf"),
    ("t", "ryg"),
    ("y", "tuh"),
    ("u", "yij"),
    ("i", "uok"),
    ("o", "ipl"),
    ("p", "o"),
    ("a", "qsz"),
    ("s", "adwx"),
    ("d", "sfec"),
    ("f", "dgrv"),
    ("g", "fhtb"),
    ("h", "gjyn"),
    ("j", "hkum"),
    ("k", "jli"),
    ("l", "ko"),
    ("z", "asx"),
    ("x", "zcs"),
    ("c", "xvd"),
    ("v", "cbf"),
    ("b", "vng"),
    ("n", "bmh"),
    ("m", "nj"),
];

/// A query with one error: the words before, the word typed, the word meant.
struct Mistyped {
    text: String,
    typed: String,
    meant: String,
}

fn mistype(query: &str, random: &mut Random) -> Option<Mistyped> {
    let words: Vec<&str> = query.split(' ').collect();
    let core = |w: &str| w.trim_end_matches(['?', '.', ',', '!', ';', ':']).to_owned();
    let fit: Vec<usize> = (0..words.len())
        .filter(|&i| {
            let word = core(words[i]);
            word.len() >= 4 && word.bytes().all(|b| b.is_ascii_lowercase()) && !cloze_index::is_stop_word(&word)
        })
        .collect();
    let chosen = *fit.get(random.below(fit.len().max(1)))?;
    let meant = core(words[chosen]);
    let letters: Vec<char> = meant.chars().collect();
    let typed: String = loop {
        let at = random.below(letters.len());
        let mut typo = letters.clone();
        match random.below(5) {
            0 => {
                let near = KEYS.iter().find(|(k, _)| k.starts_with(letters[at])).unwrap().1;
                typo[at] = near.chars().nth(random.below(near.len())).unwrap();
            }
            1 if at + 1 < letters.len() => typo.swap(at, at + 1),
            2 => drop(typo.remove(at)),
            3 => typo.insert(at, letters[at]),
            4 => typo.insert(at, (b'a' + random.below(26) as u8) as char),
            _ => {}
        }
        if typo != letters {
            break typo.into_iter().collect();
        }
    };
    let tail = &words[chosen][meant.len()..];
    let replaced = format!("{typed}{tail}");
    let mut all: Vec<&str> = words.clone();
    all[chosen] = &replaced;
    Some(Mistyped { text: all.join(" "), typed, meant })
}

/// The best candidate by edits, then by frequency. A word that occurs is no edit away from itself.
fn by_edits_and_frequency(change: &Considered) -> &str {
    if change.kind == Kind::Occurs {
        return &change.itself.word;
    }
    let best = change
        .candidates
        .iter()
        .min_by(|a, b| a.edits.cmp(&b.edits).then(b.passages.cmp(&a.passages)).then_with(|| a.word.cmp(&b.word)));
    best.map_or("", |c| c.word.as_str())
}

fn json(considered: &Considered, meant: &str) -> String {
    let one = |c: &Candidate| serde_json::json!([c.word, c.edits, c.cost, c.passages, c.context, c.company]);
    let candidates: Vec<_> = considered.candidates.iter().map(one).collect();
    let kind = format!("{:?}", considered.kind);
    serde_json::json!({"from": considered.from, "kind": kind, "meant": meant, "itself": one(&considered.itself), "candidates": candidates})
        .to_string()
}

fn main() {
    let args = Args::parse();
    let engine = Engine::open(&args.index, None).unwrap();
    let qrels = eval::read_qrels(&args.qrels).unwrap();
    let mut judged = eval::read_queries(&args.queries).unwrap();
    judged.truncate(args.first.unwrap_or(usize::MAX));
    judged.retain(|(id, _)| qrels.contains_key(id));
    let mut random = Random(args.seed);
    let request = |text: &str| Request::of_any_length(text).unwrap();
    let (mut changed_clean, mut right, mut baseline, mut found, mut total) = (0usize, 0usize, 0usize, 0usize, 0usize);
    let mut dumped: Vec<String> = Vec::new();
    let mut took = Vec::new();
    let mut typos: HashMap<String, Mistyped> = HashMap::new();
    engine.correction(&request("warm up")).unwrap();
    for (id, text) in &judged {
        if let Some(correction) = engine.correction(&request(text)).unwrap() {
            changed_clean += 1;
            if args.show {
                for c in &correction.changes {
                    println!("clean: {} -> {} in {:?}", c.from, c.to().unwrap_or(""), text);
                }
            }
        }
        if args.dump.is_some() {
            dumped.extend(
                engine.considered(&request(text)).unwrap().iter().map(|c| json(c, &cloze_index::fold(&c.from))),
            );
        }
        let Some(mistyped) = mistype(text, &mut random) else { continue };
        total += 1;
        let started = Instant::now();
        let correction = engine.correction(&request(&mistyped.text)).unwrap();
        took.push(started.elapsed());
        let change = correction.iter().flat_map(|c| &c.changes).find(|c| c.from == mistyped.typed);
        right += usize::from(change.is_some_and(|c| c.to() == Some(&mistyped.meant)));
        let all = engine.considered(&request(&mistyped.text)).unwrap();
        let considered = all.iter().find(|c| c.from == mistyped.typed);
        if let Some(considered) = considered {
            found += usize::from(considered.candidates.iter().any(|c| c.word == mistyped.meant));
            baseline += usize::from(by_edits_and_frequency(considered) == mistyped.meant);
        }
        dumped.push(match considered {
            Some(c) => json(c, &mistyped.meant),
            None => serde_json::json!({"from": mistyped.typed, "kind": "none", "meant": mistyped.meant}).to_string(),
        });
        if args.show && change.is_none_or(|c| c.to() != Some(&mistyped.meant)) {
            let to = change.and_then(|c| c.to()).unwrap_or("(unchanged)");
            println!("typo: {} for {}: {to} in {:?}", mistyped.typed, mistyped.meant, mistyped.text);
        }
        typos.insert(id.clone(), mistyped);
    }
    took.sort();
    let share = |n: usize, of: usize| 100.0 * n as f64 / of.max(1) as f64;
    println!("queries {} (one typing error in {total}), seed {}", judged.len(), args.seed);
    println!(
        "corrected            {:.2} % with context, {:.2} % by edits and frequency",
        share(right, total),
        share(baseline, total)
    );
    println!("among the candidates {:.2} % of the words that were meant", share(found, total));
    println!("clean queries changed {:.2} %", share(changed_clean, judged.len()));
    let at = |q: f64| took.get((took.len() as f64 * q) as usize).copied().unwrap_or(Duration::ZERO).as_secs_f64() * 1e3;
    println!("time to correct      median {:.1} ms, p95 {:.1} ms, p99 {:.1} ms", at(0.5), at(0.95), at(0.99));
    if let Some(path) = &args.dump {
        std::fs::write(path, dumped.join("\n")).unwrap();
    }
    if args.no_search {
        return;
    }
    let mut sums = [0f64; 3];
    for (id, clean) in judged.iter().filter(|(id, _)| typos.contains_key(id)) {
        let typo = &typos[id];
        let ask = |text: &str, correct: bool| {
            let mut request = request(text).page(0, 10).unwrap();
            request.correct = correct;
            eval::score(id, &engine.ranking(&request, false).unwrap(), &qrels[id]).ndcg_at_10
        };
        sums[0] += ask(clean, true);
        sums[1] += ask(&typo.text, false);
        sums[2] += ask(&typo.text, true);
    }
    let [clean, without, with] = sums.map(|s| s / total.max(1) as f64);
    let back = 100.0 * (with - without) / (clean - without).max(1e-9);
    println!(
        "hybrid nDCG@10       {clean:.4} clean, {without:.4} mistyped, {with:.4} corrected: {back:.1} % of the loss comes back"
    );
}
