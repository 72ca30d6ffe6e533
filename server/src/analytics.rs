//! Counts of queries, and of queries without results, for the site's owner.
//!
//! Off unless it is asked for. Only queries and counts are kept: no addresses, no times of single
//! searches. With a state directory the counts outlive the process.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use cloze_query::Answer;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Queries that are remembered; beyond, those asked least often are forgotten.
const REMEMBERED: usize = 10_000;
/// Queries in each list of a report.
const LISTED: usize = 100;
/// Longest query that is remembered, in characters.
const LONGEST: usize = 200;
/// Name of the file in the state directory.
const FILE: &str = "analytics.json";

/// Counts of one query.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Counts {
    searches: u64,
    without_match: u64,
    clicks: u64,
}

/// Everything that is kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    /// When counting began, in seconds since 1970.
    since: u64,
    all: Counts,
    queries: HashMap<String, Counts>,
}

/// Counts queries.
pub(crate) struct Analytics {
    kept: Mutex<(Kept, bool)>,
    file: Option<PathBuf>,
}

/// Counts of searches.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct Report {
    /// When counting began, in seconds since 1970.
    pub(crate) since: u64,
    /// Counted searches: complete queries, not the letters on the way there.
    pub(crate) searches: u64,
    /// Searches that found nothing.
    pub(crate) without_match: u64,
    /// Results that were opened, as far as the widget reports it.
    pub(crate) clicks: u64,
    /// Share of searches with an opened result, 0 to 1.
    pub(crate) click_through: f64,
    /// The most frequent queries.
    pub(crate) top_queries: Vec<QueryReport>,
    /// What finds nothing, the most frequent first.
    pub(crate) top_without_match: Vec<QueryReport>,
}

/// One query of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct QueryReport {
    /// The query, in lower case.
    pub(crate) query: String,
    /// How often it was asked.
    pub(crate) searches: u64,
    /// How often it found nothing.
    pub(crate) without_match: u64,
    /// How often a result was opened.
    pub(crate) clicks: u64,
}

impl Analytics {
    /// Starts to count, on top of the counts in the state directory.
    ///
    /// # Errors
    /// If the directory cannot be used or holds something else under that name.
    pub(crate) fn open(state_dir: Option<&Path>) -> io::Result<Self> {
        let mut kept = Kept { since: now(), ..Kept::default() };
        let file = state_dir.map(|dir| dir.join(FILE));
        if let Some(file) = &file {
            fs::create_dir_all(file.parent().unwrap_or(Path::new(".")))?;
            match fs::read(file) {
                Ok(bytes) => kept = serde_json::from_slice(&bytes)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
            // Finds out now, not in ten minutes, that nothing can be written here.
            write(file, &kept)?;
        }
        Ok(Self { kept: Mutex::new((kept, false)), file })
    }

    /// Counts an answered search.
    pub(crate) fn search(&self, answer: &Answer) {
        self.count(&answer.query, |counts| {
            counts.searches += 1;
            counts.without_match += u64::from(answer.no_match);
        });
    }

    /// Counts a result that was opened.
    pub(crate) fn click(&self, query: &str) {
        self.count(query, |counts| counts.clicks += 1);
    }

    fn count(&self, query: &str, add: impl Fn(&mut Counts)) {
        let mut guard = self.lock();
        let (kept, changed) = &mut *guard;
        let query: String = query.to_lowercase().chars().take(LONGEST).collect();
        if kept.queries.len() >= REMEMBERED && !kept.queries.contains_key(&query) {
            forget_the_rare(&mut kept.queries);
        }
        add(&mut kept.all);
        add(kept.queries.entry(query).or_default());
        *changed = true;
    }

    /// The lists and sums.
    pub(crate) fn report(&self) -> Report {
        let guard = self.lock();
        let kept = &guard.0;
        let top = |key: fn(&Counts) -> u64| {
            let mut list: Vec<_> = kept.queries.iter().filter(|(_, counts)| key(counts) > 0).collect();
            list.sort_by(|a, b| key(b.1).cmp(&key(a.1)).then_with(|| a.0.cmp(b.0)));
            let row = |(query, c): (&String, &Counts)| QueryReport {
                query: query.clone(),
                searches: c.searches,
                without_match: c.without_match,
                clicks: c.clicks,
            };
            list.into_iter().take(LISTED).map(row).collect()
        };
        Report {
            since: kept.since,
            searches: kept.all.searches,
            without_match: kept.all.without_match,
            clicks: kept.all.clicks,
            // The widget reports one click a search; others may report more, or clicks without a search.
            click_through: kept.all.clicks.min(kept.all.searches) as f64 / kept.all.searches.max(1) as f64,
            top_queries: top(|c| c.searches),
            top_without_match: top(|c| c.without_match),
        }
    }

    /// Writes the changes since the last time, if there is a state directory.
    ///
    /// # Errors
    /// If it cannot be written; it is kept in memory all the same.
    pub(crate) fn save(&self) -> io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let kept = {
            let mut guard = self.lock();
            if !guard.1 {
                return Ok(());
            }
            guard.1 = false;
            guard.0.clone()
        };
        write(file, &kept).inspect_err(|_| self.lock().1 = true)
    }

    fn lock(&self) -> MutexGuard<'_, (Kept, bool)> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Halves the list: a query that is asked once and never again must not push out what matters.
fn forget_the_rare(queries: &mut HashMap<String, Counts>) {
    let mut list: Vec<_> = queries.drain().collect();
    list.sort_unstable_by_key(|(_, counts)| std::cmp::Reverse(counts.searches));
    list.truncate(REMEMBERED / 2);
    queries.extend(list);
}

/// Replaces the file as a whole.
fn write(file: &Path, kept: &Kept) -> io::Result<()> {
    let beside = file.with_extension("json.new");
    fs::write(&beside, serde_json::to_vec(kept)?)?;
    fs::rename(&beside, file)
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_outlive_the_process_and_stay_bounded() {
        let dir = std::env::temp_dir().join(format!("cloze-analytics-{}", uuid::Uuid::new_v4()));
        let analytics = Analytics::open(Some(&dir)).expect("a new directory");
        (0..3).for_each(|_| analytics.click("Snapshots"));
        (0..REMEMBERED + 5).for_each(|i| analytics.click(&format!("query {i}")));
        analytics.count("snapshots", |c| c.searches += 9);
        analytics.save().expect("saved");
        let report = Analytics::open(Some(&dir)).expect("again").report();
        assert_eq!((report.clicks, report.searches), (REMEMBERED as u64 + 8, 9));
        assert_eq!(report.click_through, 1.0, "never more");
        assert_eq!(report.top_queries[0].query, "snapshots", "one spelling in lower case");
        assert!(analytics.lock().0.queries.len() <= REMEMBERED);
        fs::write(dir.join(FILE), "something else").expect("written");
        assert!(Analytics::open(Some(&dir)).is_err(), "an unreadable file is not overwritten");
        fs::remove_dir_all(dir).expect("removed");
    }
}
