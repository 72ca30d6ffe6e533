//! `query eval`: runs judged queries and reports the results, as figures and as cases.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::Path,
};

use anyhow::{Context, Result, anyhow, bail};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::compare::{Comparison, Side};
use crate::{
    Engine, Error, Mode, Request,
    commands::cli::EvalArgs,
    eval::{self, Metric, Qrels, QueryScores, TopScores},
    request::{EncoderChoice, MAX_LIMIT},
};

/// Pages shown from each list.
const SHOWN: usize = 5;

/// One mode over all judged queries.
#[derive(Debug, Serialize)]
struct Run {
    mode: Mode,
    queries: usize,
    metrics: BTreeMap<&'static str, Metric>,
    top_scores: TopScores,
    per_query: BTreeMap<String, QueryScores>,
    #[serde(skip)]
    rankings: HashMap<String, Vec<(String, f32)>>,
}

/// The fields read from the JSON output of an earlier run.
#[derive(Debug, Deserialize)]
struct Earlier {
    mode: Mode,
    per_query: BTreeMap<String, QueryScores>,
}

/// The settings of one run.
struct Setting<'a> {
    engine: &'a Engine,
    mode: Mode,
    semantic_weight: Option<f32>,
    encoder: EncoderChoice,
    by_url: bool,
}

/// A run as JSON, with its comparison with another run.
#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    run: &'a Run,
    #[serde(skip_serializing_if = "Option::is_none")]
    comparison: Option<Comparison>,
}

/// Runs the queries with the options in `args`, and returns the text to print. `open` opens another index.
///
/// # Errors
/// A message about a faulty file or parameter.
pub(crate) fn evaluate(
    engine: &Engine,
    args: &EvalArgs,
    as_json: bool,
    open: impl Fn(&Path) -> Result<Engine, Error>,
) -> Result<String> {
    let modes = if args.mode == "all" { Mode::ALL.to_vec() } else { vec![parse_mode("--mode", &args.mode)?] };
    if modes.len() > 1 && (args.compares() || args.worst.is_some() || args.scores) {
        bail!("--mode is all; expected hybrid, semantic or keyword with --against, --worst or --scores");
    }
    if as_json && args.worst.is_some() {
        bail!("--worst prints text; use it without --json, which prints the values of every query");
    }
    let earlier = args.against.as_deref().map(read_earlier).transpose()?;
    let mut queries = eval::read_queries(&args.queries)?;
    queries.truncate(args.first.unwrap_or(usize::MAX));
    let qrels = eval::read_qrels(&args.qrels)?;
    queries.retain(|(id, _)| qrels.contains_key(id));
    if queries.is_empty() {
        return Err(Error::NothingJudged { queries: args.queries.clone(), qrels: args.qrels.clone() }.into());
    }
    let encoder = args.encoder.as_deref().map_or(Ok(EncoderChoice::default()), EncoderChoice::parse)?;
    let (semantic_weight, by_url) = (args.semantic_weight, args.by_url);
    let setting = |mode| Setting { engine, mode, semantic_weight, encoder, by_url };
    let runs = modes.iter().map(|m| run(&setting(*m), &queries, &qrels)).collect::<Result<Vec<_>>>()?;
    let [run] = runs.as_slice() else { return all_modes(&runs, as_json) };
    let texts: HashMap<&str, &str> = queries.iter().map(|(id, text)| (id.as_str(), text.as_str())).collect();
    let other = match &earlier {
        Some(earlier) => Some((format!("{} of the earlier run", earlier.mode.name()), earlier.per_query.clone())),
        None if args.compares() => Some(run_other(args, &setting(run.mode), open, &queries, &qrels)?),
        None => None,
    };
    let compare = |(name, per_query): &(String, BTreeMap<String, QueryScores>)| {
        let this = Side { name: run.mode.name().to_owned(), per_query: &run.per_query };
        Comparison::of(&this, &Side { name: name.clone(), per_query }, &texts)
    };
    let comparison = other.as_ref().map(compare).transpose()?;
    if as_json {
        return Ok(serde_json::to_string_pretty(&Report { run, comparison })?);
    }
    let mut out = lines(run, args.scores);
    out.extend(comparison.iter().flat_map(Comparison::lines));
    if let Some(worst) = args.worst {
        out.extend(worst_cases(run, worst, &texts, &qrels));
    }
    Ok(out.join("\n"))
}

/// Several modes, side by side.
fn all_modes(runs: &[Run], as_json: bool) -> Result<String> {
    let by_name: BTreeMap<_, _> = runs.iter().map(|r| (r.mode.name(), r)).collect();
    Ok(if as_json { serde_json::to_string_pretty(&by_name)? } else { side_by_side(runs) })
}

/// The same queries with what `--against-…` changes of a setting, and what that is called.
fn run_other(
    args: &EvalArgs,
    setting: &Setting<'_>,
    open: impl Fn(&Path) -> Result<Engine, Error>,
    queries: &[(String, String)],
    qrels: &Qrels,
) -> Result<(String, BTreeMap<String, QueryScores>)> {
    let engine = args
        .against_index
        .as_deref()
        .map(|dir| open(dir).with_context(|| format!("--against-index {}", dir.display())));
    let engine = engine.transpose()?;
    let mode = args.against_mode.as_deref().map_or(Ok(setting.mode), |name| parse_mode("--against-mode", name))?;
    let semantic_weight = match args.against_weight.as_deref() {
        None => setting.semantic_weight,
        Some("auto") => None,
        Some(share) => Some(
            share
                .parse()
                .map_err(|_| anyhow!("--against-weight is {share:?}; expected a number from 0 to 1, or auto"))?,
        ),
    };
    let mut name = mode.name().to_owned();
    match semantic_weight {
        Some(share) => name.push_str(&format!(", semantic weight {share}")),
        None if args.against_weight.is_some() => name.push_str(", semantic weight auto"),
        None => {}
    }
    if let Some(dir) = &args.against_index {
        name.push_str(&format!(" on {}", dir.display()));
    }
    let other = Setting { engine: engine.as_ref().unwrap_or(setting.engine), mode, semantic_weight, ..*setting };
    Ok((name, run(&other, queries, qrels)?.per_query))
}

fn parse_mode(option: &str, name: &str) -> Result<Mode> {
    let all = if option == "--mode" { "hybrid, semantic, keyword or all" } else { "hybrid, semantic or keyword" };
    Mode::parse(name).map_err(|_| anyhow!("{option} is {name:?}; expected {all}"))
}

fn run(setting: &Setting<'_>, queries: &[(String, String)], qrels: &Qrels) -> Result<Run> {
    let rank = |(id, text): &(String, String)| {
        let mut request = Request::of_any_length(text)?.page(0, MAX_LIMIT)?.semantic_weight(setting.semantic_weight)?;
        request.mode = setting.mode;
        request.encoder = setting.encoder;
        Ok((id.clone(), setting.engine.ranking(&request, setting.by_url)?))
    };
    let rankings = queries.par_iter().map(rank).collect::<Result<HashMap<_, _>>>()?;
    let per_query: BTreeMap<_, _> =
        rankings.iter().map(|(id, ranking)| (id.clone(), eval::score(id, ranking, &qrels[id]))).collect();
    let metrics = eval::summarize(&per_query).into_iter().map(|m| (m.name, m)).collect();
    let (mode, top_scores) = (setting.mode, TopScores::of(&per_query));
    Ok(Run { mode, queries: per_query.len(), metrics, top_scores, per_query, rankings })
}

fn read_earlier(path: &Path) -> Result<Earlier> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| {
        format!("{} is not a run of one mode; expected the output of query eval --json", path.display())
    })
}

fn number(metric: &Metric) -> String {
    format!("{:.4}  [{:.4}, {:.4}]", metric.mean, metric.interval[0], metric.interval[1])
}

fn lines(run: &Run, scores: bool) -> Vec<String> {
    let metric = |name: &&str| format!("{name}  {}", number(&run.metrics[name]));
    let mut out: Vec<String> = eval::METRICS.iter().map(metric).collect();
    if scores {
        let top = &run.top_scores;
        out.push(format!("first hits: mean score {:.4}, precision {:.4}", top.mean_score, top.precision_at_1));
        out.push(format!("AUC of the scores of first hits: {:.4}", top.auc));
    }
    out
}

fn side_by_side(runs: &[Run]) -> String {
    let head = runs.iter().map(|r| format!("{:<27}", r.mode.name())).collect::<String>();
    let mut out = vec![format!("{:<12}{}", "", head.trim_end())];
    for name in eval::METRICS {
        let row = runs.iter().map(|r| format!("{:<27}", number(&r.metrics[name]))).collect::<String>();
        out.push(format!("{name:<12}{}", row.trim_end()));
    }
    out.join("\n")
}

/// The queries with the lowest nDCG@10, each with its results and its relevant pages.
fn worst_cases(run: &Run, count: usize, texts: &HashMap<&str, &str>, qrels: &Qrels) -> Vec<String> {
    let mut all: Vec<_> = run.per_query.iter().collect();
    all.sort_by(|a, b| a.1.ndcg_at_10.total_cmp(&b.1.ndcg_at_10).then_with(|| a.0.cmp(b.0)));
    let mut out = Vec::new();
    for (id, scores) in all.into_iter().take(count) {
        let (ranking, grades) = (&run.rankings[id], &qrels[id]);
        let text = texts.get(id.as_str()).unwrap_or(&"");
        out.extend([String::new(), format!("{:.4}  {id}  {text}", scores.ndcg_at_10)]);
        let place = |(place, (name, score)): (usize, &(String, f32))| {
            let mark = if grades.get(name).is_some_and(|g| *g > 0) { '+' } else { ' ' };
            format!("  {mark} {place}. {name}  ({score:.2})")
        };
        out.extend((1..).zip(ranking).take(SHOWN).map(place));
        let mut wanted: Vec<_> = grades.iter().filter(|(_, g)| **g > 0).map(|(name, _)| name).collect();
        wanted.sort_unstable();
        for name in wanted.into_iter().take(SHOWN) {
            let at = ranking.iter().position(|(found, _)| found == name);
            let at = at.map_or(format!("not in the first {MAX_LIMIT}"), |at| format!("rank {}", at + 1));
            out.push(format!("    relevant: {name}, {at}"));
        }
    }
    out
}
