//! The work and the output of each command.

pub mod cli;
pub mod config;

use std::{
    io::{IsTerminal, Write},
    path::Path,
};

use anyhow::{Context, Result, bail};

use crate::{
    Answer, Engine, Error, Highlight, Mode, Place, Request,
    commands::{
        cli::{Cli, Command, SearchArgs},
        config::File,
    },
    eval::run::evaluate,
    predict,
    present::json::{Hit, Snippet},
    request::EncoderChoice,
};

/// Carries out the command line.
///
/// # Errors
/// A chain of messages for the user at the terminal.
pub fn run(cli: Cli) -> Result<()> {
    let file = File::read(cli.config.as_deref())?;
    let model = file.model_source(cli.model);
    let body = file.body(cli.body, cli.index.as_ref());
    let place = Place::of(file.index_dir(cli.index), body.as_ref())?;
    // Nobody waits for a measurement.
    let place = if matches!(cli.command, Some(Command::Eval(_))) { place.patient()? } else { place };
    let open_unloaded = || Engine::on(place.open_or_previous()?, model.as_ref());
    let open = || {
        let engine = open_unloaded()?;
        engine.load()?;
        Ok::<_, Error>(engine)
    };
    // A lookup needs no ONNX Runtime. A search loads the rest of the model when it needs it.
    let open_for = |request: &Request| match request.encoder {
        EncoderChoice::Table => open_unloaded(),
        _ => open(),
    };
    match cli.command {
        Some(Command::Eval(_)) if cli.search.is_given() => {
            bail!("found search options before eval; write them after it: query eval --mode …")
        }
        Some(Command::Eval(args)) => {
            // Another index may be of another model: that is found where the index says.
            let other = |dir: &Path| match Engine::open(dir, model.as_ref()) {
                Err(Error::ModelMismatch { .. }) => Engine::open(dir, None),
                opened => opened,
            };
            print(&evaluate(&open()?, &args, cli.json, other)?)
        }
        Some(Command::Fill(args)) => print(&predict::fill(model.as_ref(), args, cli.json)?),
        Some(Command::Score(args)) => print(&predict::score(model.as_ref(), &args.text, cli.json)?),
        None => search(&cli.search, |request| Ok(open_for(request)?), cli.json),
    }
}

fn search(args: &SearchArgs, open: impl FnOnce(&Request) -> Result<Engine>, json: bool) -> Result<()> {
    if args.words.is_empty() {
        return Err(Error::NothingAsked.into());
    }
    let request = Request::new(&args.words.join(" "))?.page(args.offset, args.limit)?;
    let mut request = request.semantic_weight(args.semantic_weight)?.min_score(args.min_score)?;
    request.mode = args.mode.as_deref().map_or(Ok(Mode::default()), Mode::parse)?;
    request.highlight = args.highlight.as_deref().map_or(Ok(Highlight::default()), Highlight::parse)?;
    request.encoder = args.encoder.as_deref().map_or(Ok(EncoderChoice::default()), EncoderChoice::parse)?;
    request.explain = args.explain;
    let answer = open(&request)?.search(&request)?;
    let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let text = if json { serde_json::to_string_pretty(&answer)? } else { render(&answer, colour) };
    print(&text)
}

/// Prints to standard output. A reader that closes the pipe early, such as `head`, is not an error.
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
    if let Some(corrected) = &answer.corrected_query {
        out.push(format!("results for {corrected:?}"));
    }
    if let Some(condensed) = &answer.condensed_query {
        out.push(format!(
            "searched for {} ({} other words were left out)",
            condensed.words.join(" "),
            condensed.left_out
        ));
    }
    for fill in answer.fills.iter().flatten() {
        let passages: Vec<&str> = fill.passages.iter().map(|p| p.url.as_str()).collect();
        out.push(format!("{:>5.1} %  {}  ({})", fill.probability * 100.0, fill.text, passages.join(", ")));
    }
    if answer.no_match {
        out.push(format!("no results for {:?}", answer.query));
    }
    for (place, hit) in (1..).zip(&answer.hits) {
        out.push(render_hit(place, hit, colour));
    }
    let pages = if answer.total.value == 1 { "page" } else { "pages" };
    out.push(format!("{} {pages}, {} ms, generation {}", answer.total.value, answer.took_ms, answer.generation));
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
        lines.push(format!("      fused: {:.3}", explain.fused));
        let legs = [
            ("semantic", explain.semantic),
            ("lexical", explain.lexical),
            ("tokens", explain.tokens),
            ("coverage", explain.coverage),
            ("neighbours", explain.neighbours),
        ];
        for (name, leg) in legs {
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
