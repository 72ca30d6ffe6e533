//! What each command does and prints.

use std::{
    collections::BTreeMap,
    io::{IsTerminal, Write},
    path::Path,
};

use anyhow::{Context, Result, bail};
use rayon::prelude::*;
use serde_json::json;

use crate::{
    Answer, Engine, Error, Mode, Request,
    cli::{Cli, Command, EvalArgs, SearchArgs},
    config::File,
    eval::{self, QueryScores},
    json::{Hit, Snippet},
};

/// Carries out the command line.
///
/// # Errors
/// A chain of sentences for the person at the terminal.
pub fn run(cli: Cli) -> Result<()> {
    let file = File::read(cli.config.as_deref())?;
    let model = file.model_source(cli.model);
    let index = file.index_dir(cli.index);
    let open = |index: &Path| Engine::open(index, model.as_ref());
    match cli.command {
        Some(Command::Eval(args)) => evaluate(&open(&index)?, &args, cli.json),
        None => search(&cli.search, || Ok(open(&index)?), cli.json),
    }
}

fn search(args: &SearchArgs, open: impl FnOnce() -> Result<Engine>, json: bool) -> Result<()> {
    if args.words.is_empty() {
        bail!("nothing to search for; try `query \"how do I …\"`, or `query --help`");
    }
    let mut request =
        Request::new(&args.words.join(" "))?.page(args.offset, args.limit)?.semantic_weight(args.semantic_weight)?;
    request.mode = Mode::parse(&args.mode)?;
    request.explain = args.explain;
    let answer = open()?.search(&request)?;
    let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let text = if json { serde_json::to_string_pretty(&answer)? } else { render(&answer, colour) };
    print(&text)
}

/// Prints to standard output; a reader that has seen enough, such as `head`, is no error.
fn print(text: &str) -> Result<()> {
    match writeln!(std::io::stdout(), "{text}") {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(e).context("cannot write to standard output"),
        _ => Ok(()),
    }
}

fn render(answer: &Answer, colour: bool) -> String {
    let mut out = Vec::new();
    if let Some(reason) = &answer.degraded {
        out.push(format!("note: {reason}"));
    }
    if answer.no_match {
        out.push(format!("nothing matches {:?}", answer.query));
    }
    for (place, hit) in (1..).zip(&answer.hits) {
        out.push(render_hit(place, hit, colour));
    }
    out.push(format!("{} pages, {} ms, generation {}", answer.total.value, answer.took_ms, answer.generation));
    out.join("\n")
}

fn render_hit(place: usize, hit: &Hit, colour: bool) -> String {
    let bold = |text: &str| if colour { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() };
    let path = hit.breadcrumbs.join(" > ");
    let heading = if path.is_empty() { String::new() } else { format!("  {path}") };
    let mut lines = vec![
        format!("{place:>2}. {}{heading}", bold(&hit.title)),
        format!("    {}  ({:.2})", hit.url, hit.score),
        format!("    {}", render_snippet(&hit.snippet, colour)),
    ];
    lines.extend(hit.sections.iter().map(|s| format!("      - {}  {}", s.heading, s.url)));
    if let Some(explain) = hit.explain {
        for (name, leg) in [("semantic", explain.semantic), ("lexical", explain.lexical)] {
            if let Some(leg) = leg {
                let rank = leg.rank.map_or("-".to_owned(), |r| r.to_string());
                lines.push(format!("      {name}: rank {rank}, score {:.3}, share {:.3}", leg.score, leg.share));
            }
        }
    }
    lines.push(String::new());
    lines.join("\n")
}

fn render_snippet(snippet: &Snippet, colour: bool) -> String {
    if !colour {
        return snippet.text.clone();
    }
    let units: Vec<u16> = snippet.text.encode_utf16().collect();
    let slice = |from: usize, to: usize| String::from_utf16_lossy(units.get(from..to).unwrap_or_default());
    let (mut out, mut at) = (String::new(), 0);
    for [from, to] in snippet.highlights.iter().map(|r| r.map(|n| n as usize)) {
        out.push_str(&slice(at, from));
        out.push_str(&format!("\x1b[1;33m{}\x1b[0m", slice(from, to)));
        at = to;
    }
    out.push_str(&slice(at, units.len()));
    out
}

fn evaluate(engine: &Engine, args: &EvalArgs, as_json: bool) -> Result<()> {
    let mode = Mode::parse(&args.mode)?;
    let mut queries = eval::read_queries(&args.queries)?;
    queries.truncate(args.first.unwrap_or(usize::MAX));
    let qrels = eval::read_qrels(&args.qrels)?;
    let judged: Vec<_> = queries.into_iter().filter(|(id, _)| qrels.contains_key(id)).collect();
    if judged.is_empty() {
        return Err(Error::NothingJudged { queries: args.queries.clone(), qrels: args.qrels.clone() }.into());
    }
    let scores = judged
        .par_iter()
        .map(|(id, text)| {
            // Long queries are cut as a search box would not let them be typed; 512 characters are kept.
            let text: String = text.chars().take(crate::request::MAX_QUERY_CHARS).collect();
            let mut request =
                Request::new(&text)?.page(0, crate::request::MAX_LIMIT)?.semantic_weight(args.semantic_weight)?;
            request.mode = mode;
            let ranking = engine.ranking(&request, args.by_url)?;
            Ok((id.clone(), eval::score(id, &ranking, &qrels[id])))
        })
        .collect::<Result<BTreeMap<String, QueryScores>>>()?;
    let metrics = eval::summarize(&scores);
    if as_json {
        let metrics: BTreeMap<_, _> = metrics.iter().map(|m| (m.name, m)).collect();
        return print(&serde_json::to_string_pretty(&json!({
            "mode": mode, "queries": scores.len(), "metrics": metrics, "per_query": scores,
        }))?);
    }
    let lines =
        metrics.iter().map(|m| format!("{:<10}  {:.4}  [{:.4}, {:.4}]", m.name, m.mean, m.interval[0], m.interval[1]));
    print(&lines.collect::<Vec<_>>().join("\n"))
}
