//! Builds again whenever the sources change.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    time::{Duration, Instant, SystemTime},
};

use notify::{Event, RecursiveMode, Watcher};

use crate::{BuildConfig, Error, Report, Result, document::navigation, pipeline, source};

/// A burst of edits is over when nothing has happened for this long.
const QUIET: Duration = Duration::from_millis(300);
/// A burst that does not end is built from after this long.
const LONGEST_BURST: Duration = Duration::from_secs(5);
/// A build that failed is tried again after this long, then after twice as long, and so on.
const RETRY_AFTER: Duration = Duration::from_secs(2);
/// The longest pause between two tries.
const LONGEST_RETRY: Duration = Duration::from_secs(60);

/// Builds, then builds again after each burst of changes; `done` is told how each build went, and
/// ends the watch by saying `false`. A build that fails does not end it, and is tried again.
///
/// # Errors
/// [`Error::Watch`] if the sources cannot be watched.
pub fn watch(config: &BuildConfig, mut done: impl FnMut(Result<Report>) -> bool) -> Result<()> {
    if let Some(address) = config.crawl.addresses.first() {
        let reason = "a site does not report its changes; run `indexer build` from time to time".into();
        return Err(Error::Watch { path: address.into(), reason });
    }
    let (sender, changes) = mpsc::channel::<Change>();
    let _watcher = watcher(config, sender)?;
    let mut known = Sources::of(config);
    let mut pause = None;
    loop {
        let built = pipeline::build(config);
        pause = match built {
            Ok(_) => None,
            Err(_) => Some(pause.map_or(RETRY_AFTER, |p: Duration| (p * 2).min(LONGEST_RETRY))),
        };
        let retry = pause.map(|pause| Instant::now() + pause);
        if !done(built) {
            return Ok(());
        }
        loop {
            let Some(change) = next_burst(&changes, retry) else { return Ok(()) };
            let now = Sources::of(config);
            let is_ours = change.is_about(&known) || change.is_about(&now) || now != known;
            known = now;
            if is_ours {
                break;
            }
        }
    }
}

fn watcher(config: &BuildConfig, sender: mpsc::Sender<Change>) -> Result<impl Watcher + use<>> {
    let index = absolute(&config.index);
    let tell = move |event: notify::Result<Event>| {
        if let Some(change) = change(event, &index) {
            sender.send(change).ok();
        }
    };
    let mut watcher = notify::recommended_watcher(tell).map_err(|e| failed(&config.index, &e))?;
    for path in &config.selection.paths {
        // A single file is watched through its folder: editors replace files.
        let (watched, mode) = if path.is_dir() {
            (path.clone(), RecursiveMode::Recursive)
        } else {
            (folder_of(path), RecursiveMode::NonRecursive)
        };
        watcher.watch(&watched, mode).map_err(|e| failed(&watched, &e))?;
    }
    Ok(watcher)
}

/// Reasons to look at the sources: events of the system, or a full check.
enum Change {
    At(Vec<PathBuf>),
    /// An event was missed, or a build failed: everything is checked.
    Unknown,
}

impl Change {
    /// Puts another one to it.
    fn add(&mut self, other: Self) {
        match (&mut *self, other) {
            (Self::At(paths), Self::At(more)) => paths.extend(more),
            (_, Self::Unknown) => *self = Self::Unknown,
            (Self::Unknown, _) => {}
        }
    }

    fn is_about(&self, sources: &Sources) -> bool {
        match self {
            Self::At(paths) => paths.iter().any(|path| sources.files.contains_key(path)),
            Self::Unknown => true,
        }
    }
}

/// Files written, renamed or removed outside of the index. Reading is not a change: the builds themselves read.
fn change(event: notify::Result<Event>, index: &Path) -> Option<Change> {
    match event {
        Ok(event) if event.need_rescan() => Some(Change::Unknown),
        Ok(event) if event.kind.is_access() => None,
        Ok(event) => {
            let paths: Vec<PathBuf> =
                event.paths.iter().map(|p| absolute(p)).filter(|p| !p.starts_with(index)).collect();
            (!paths.is_empty()).then_some(Change::At(paths))
        }
        Err(_) => Some(Change::Unknown),
    }
}

/// Waits for changes and for the end of their burst, or until it is time to try again.
fn next_burst(changes: &Receiver<Change>, retry: Option<Instant>) -> Option<Change> {
    let first = match retry {
        None => changes.recv().ok(),
        Some(at) => match changes.recv_timeout(at.saturating_duration_since(Instant::now())) {
            Ok(change) => Some(change),
            Err(RecvTimeoutError::Timeout) => return Some(Change::Unknown),
            Err(RecvTimeoutError::Disconnected) => None,
        },
    };
    let (mut burst, started) = (first?, Instant::now());
    while let Some(left) = LONGEST_BURST.checked_sub(started.elapsed())
        && let Ok(more) = changes.recv_timeout(QUIET.min(left))
    {
        burst.add(more);
    }
    Some(burst)
}

/// The files that a build would read, and what tells that one has changed.
#[derive(PartialEq, Eq)]
struct Sources {
    files: BTreeMap<PathBuf, Option<(u64, SystemTime)>>,
    /// Unreadable entries; if a walk fails as a whole, this holds the reason.
    unreadable: Vec<(String, String)>,
}

impl Sources {
    fn of(config: &BuildConfig) -> Self {
        let walk = match source::walk(&config.selection) {
            Ok(walk) => walk,
            Err(e) => return Self { files: BTreeMap::new(), unreadable: vec![(String::new(), e.to_string())] },
        };
        let roots = config.selection.paths.iter().filter(|path| path.is_dir());
        let navigation = roots.flat_map(|root| navigation::places(root));
        let files = walk.files.into_iter().map(|file| file.path).chain(navigation);
        let stamp = |path: &Path| path.metadata().ok().and_then(|m| Some((m.len(), m.modified().ok()?)));
        Self { files: files.map(|path| (absolute(&path), stamp(&path))).collect(), unreadable: walk.unreadable }
    }
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn failed(path: &Path, error: &notify::Error) -> Error {
    Error::Watch { path: path.to_owned(), reason: error.to_string() }
}
