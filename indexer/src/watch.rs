//! Builds again whenever the sources change.

use std::{
    path::{Path, PathBuf},
    sync::mpsc,
    time::Duration,
};

use notify::{Event, RecursiveMode, Watcher};

use crate::{BuildConfig, Error, Report, Result, pipeline};

/// A burst of edits is over when nothing has happened for this long.
const QUIET: Duration = Duration::from_millis(300);

/// Builds, then builds again after each burst of changes; `done` is told how each build went, and
/// ends the watch by saying `false`. A build that fails does not end it.
///
/// # Errors
/// [`Error::Watch`] if the sources cannot be watched.
pub fn watch(config: &BuildConfig, mut done: impl FnMut(Result<Report>) -> bool) -> Result<()> {
    let index = std::path::absolute(&config.index).unwrap_or_else(|_| config.index.clone());
    let (sender, changes) = mpsc::channel::<()>();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        if is_change(&event, &index) {
            sender.send(()).ok();
        }
    })
    .map_err(|e| failed(&config.index, &e))?;
    for path in &config.selection.paths {
        // A single file is watched through its folder: editors replace files.
        let (watched, mode) = if path.is_dir() {
            (path.clone(), RecursiveMode::Recursive)
        } else {
            (folder_of(path), RecursiveMode::NonRecursive)
        };
        watcher.watch(&watched, mode).map_err(|e| failed(&watched, &e))?;
    }
    if !done(pipeline::build(config)) {
        return Ok(());
    }
    while changes.recv().is_ok() {
        while changes.recv_timeout(QUIET).is_ok() {}
        if !done(pipeline::build(config)) {
            break;
        }
    }
    Ok(())
}

/// Whether something was written, renamed or removed outside of the index. Reading is no change: the
/// builds themselves read.
fn is_change(event: &notify::Result<Event>, index: &Path) -> bool {
    let is_ours = |path: &PathBuf| std::path::absolute(path).is_ok_and(|p| p.starts_with(index));
    match event {
        Ok(event) => event.need_rescan() || !event.kind.is_access() && !event.paths.iter().all(is_ours),
        // Something was missed: look at everything.
        Err(_) => true,
    }
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
