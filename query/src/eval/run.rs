//! `query eval`: runs judged queries and reports the results, as figures and as cases.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::Path,
};

use anyhow::{Context, Result, anyhow, bail};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    Engine, Error, Mode, Request,
    commands::cli::EvalArgs,
    eval::{self, Metric, Qrels, QueryScores, TopScores},
    request::{EncoderChoice, MAX_LIMIT, MAX_QUERY_CHARS},
};

/// Cases shown on each side of a comparison.
const CASES: usize = 5;
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

/// Runs the queries with the options in `args`, and returns the text to print.
///
/// # Errors
/// A message about a faulty file or parameter.
pub(crate) fn evaluate(engine: &Engine, args: &EvalArgs, as_json: bool) -> Result<String> {
    let modes = if args.mode == "all" { Mode::ALL.to_vec() } else { vec![parse_mode(&args.mode)?] };
    let looks_closer = args.against.is_some() || args.worst.is_some();
    if modes.len() > 1 && (looks_closer || args.scores) {
        bail!("--mode is all; expected hybrid, semantic or keyword with --against, --worst or --scores");
    }
    if as_json && looks_closer {
        bail!("--against and --worst print text; use them without --json, which prints the values of every query");
    }
    let earlier = args.against.as_deref().map(read_earlier).transpose()?;
    let mut queries = eval::read_queries(&args.queries)?;
    queries.truncate(args.first.unwrap_or(usize::MAX));
    let qrels = eval::read_qrels(&args.qrels)?;
    queries.retain(|(id, _)| qrels.contains_key(id));
    if queries.is_empty() {
        return Err(Error::NothingJudged { queries: args.queries.clone(), qrels: args.qrels.clone() }.into());
    }
    let runs = modes.iter().map(|m| run(engine, args, *m, &queries, &qrels)).collect::<Result<Vec<_>>>()?;
    if as_json {
        return Ok(match runs.as_slice() {
            [one] => serde_json::to_string_pretty(one)?,
            all => {
                let by_name: BTreeMap<_, _> = all.iter().map(|r| (r.mode.name(), r)).collect();
                serde_json::to_string_pretty(&by_name)?
            }
        });
    }
    let [run] = runs.as_slice() else { return Ok(side_by_side(&runs)) };
    let mut out = lines(run, args.scores);
    let texts: HashMap<&str, &str> = queries.iter().map(|(id, text)| (id.as_str(), text.as_str())).collect();
    if let Some(earlier) = &earlier {
        out.extend(comparison(run, earlier, &texts)?);
    }
    if let Some(worst) = args.worst {
        out.extend(worst_cases(run, worst, &texts, &qrels));
    }
    Ok(out.join("\n"))
}

fn parse_mode(name: &str) -> Result<Mode> {
    Mode::parse(name).map_err(|_| anyhow!("--mode is {name:?}; expected hybrid, semantic, keyword or all"))
}

fn run(engine: &Engine, args: &EvalArgs, mode: Mode, queries: &[(String, String)], qrels: &Qrels) -> Result<Run> {
    let encoder = args.encoder.as_deref().map_or(Ok(EncoderChoice::default()), EncoderChoice::parse)?;
    let rank = |(id, text): &(String, String)| {
        // Long queries are cut to the limit of a search box.
        let text: String = text.chars().take(MAX_QUERY_CHARS).collect();
        let mut request = Request::new(&text)?.page(0, MAX_LIMIT)?.semantic_weight(args.semantic_weight)?;
        request.mode = mode;
        request.encoder = encoder;
        Ok((id.clone(), engine.ranking(&request, args.by_url)?))
    };
    let rankings = queries.par_iter().map(rank).collect::<Result<HashMap<_, _>>>()?;
    let per_query: BTreeMap<_, _> =
        rankings.iter().map(|(id, ranking)| (id.clone(), eval::score(id, ranking, &qrels[id]))).collect();
    let metrics = eval::summarize(&per_query).into_iter().map(|m| (m.name, m)).collect();
    Ok(Run { mode, queries: per_query.len(), metrics, top_scores: TopScores::of(&per_query), per_query, rankings })
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

/// The queries on which this run is better or worse than an earlier one, by nDCG@10.
fn comparison(run: &Run, earlier: &Earlier, texts: &HashMap<&str, &str>) -> Result<Vec<String>> {
    let difference = |(id, now): (&String, &QueryScores)| {
        earlier.per_query.get(id).map(|then| (now.ndcg_at_10 - then.ndcg_at_10, id.clone()))
    };
    let mut all: Vec<(f64, String)> = run.per_query.iter().filter_map(difference).collect();
    if all.is_empty() {
        bail!("this run and the earlier run have no query in common; expected runs with the same queries");
    }
    all.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    let (better, worse) = (all.iter().filter(|d| d.0 > 0.0).count(), all.iter().filter(|d| d.0 < 0.0).count());
    let differences: Vec<f64> = all.iter().map(|d| d.0).collect();
    let (mean, [from, to]) = eval::mean_and_interval(&differences);
    let mut out = vec![
        String::new(),
        format!("{} against {}, nDCG@10 of {} queries", run.mode.name(), earlier.mode.name(), all.len()),
        format!("{better} better, {worse} worse, {} equal", all.len() - better - worse),
        format!("difference  {mean:+.4}  [{from:+.4}, {to:+.4}]"),
    ];
    let case = |(d, id): &(f64, String)| format!("  {d:+.4}  {id}  {}", texts.get(id.as_str()).unwrap_or(&""));
    out.extend(all.iter().take(better.min(CASES)).map(case));
    out.extend(all.iter().skip(all.len() - worse.min(CASES)).map(case));
    Ok(out)
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
