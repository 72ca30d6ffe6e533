//! The points at which tests stop the writer: before the n-th write, link, sync, rename or removal.
//!
//! Outside of tests every function here is empty.

#[cfg(not(test))]
use std::io;
use std::path::Path;

/// An operation that changes the disk, or makes a change durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation<'a> {
    /// A new file.
    Write,
    Link,
    Sync,
    /// A directory with all its content.
    Remove,
    /// The path is the new name.
    Rename {
        #[cfg_attr(not(test), allow(dead_code, reason = "looked at by tests"))]
        from: &'a Path,
    },
}

#[cfg(not(test))]
pub(crate) fn before(_: Operation<'_>, _: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(not(test))]
pub(crate) fn after(_: Operation<'_>, _: &Path) {}

/// Whether the disk has hard links.
#[cfg(not(test))]
pub(crate) fn has_links() -> bool {
    true
}

/// Number of rows from which a segment has a graph. Crash tests have few rows.
#[cfg(not(test))]
pub(crate) fn graph_from(rows: usize) -> usize {
    rows
}

/// Runs two tasks side by side. Tests run them one after the other, so that the n-th operation is always the same.
#[cfg(not(test))]
pub(crate) use rayon::join;

/// Whether the simulated process has ended; it then may not clean up.
#[cfg(not(test))]
pub(crate) fn is_down() -> bool {
    false
}

#[cfg(test)]
pub(crate) use testing::{after, before, graph_from, has_links, is_down, join};

#[cfg(test)]
pub(crate) mod testing {
    use std::{
        cell::{Cell, RefCell},
        collections::HashSet,
        fs, io,
        path::{Path, PathBuf},
    };

    use super::Operation;

    /// The operations on this thread's disk since [`start`].
    #[derive(Default)]
    struct Disk {
        stop_before: usize,
        operations: usize,
        down: bool,
        /// Files and directories whose content is durable.
        synced: HashSet<PathBuf>,
        /// Files that share content that is already durable.
        linked: HashSet<PathBuf>,
        /// New names of directories that were created and then renamed.
        made: HashSet<PathBuf>,
        /// Renames whose directories were not synced since, with the earlier content under the new name.
        renames: Vec<(PathBuf, PathBuf, Option<Vec<u8>>)>,
    }

    thread_local! {
        static DISK: RefCell<Option<Disk>> = const { RefCell::new(None) };
        static LINKS: Cell<bool> = const { Cell::new(true) };
        static GRAPH_FROM: Cell<Option<usize>> = const { Cell::new(None) };
    }

    pub(crate) fn has_links() -> bool {
        LINKS.get()
    }

    /// Sets whether this thread's disk has hard links.
    pub(crate) fn set_links(there_are: bool) {
        LINKS.set(there_are);
    }

    pub(crate) fn graph_from(rows: usize) -> usize {
        GRAPH_FROM.get().unwrap_or(rows)
    }

    /// Sets the number of rows from which a segment has a graph, on this thread.
    pub(crate) fn set_graph_from(rows: usize) {
        GRAPH_FROM.set(Some(rows));
    }

    pub(crate) fn join<A, B>(first: impl FnOnce() -> A, second: impl FnOnce() -> B) -> (A, B) {
        (first(), second())
    }

    /// Counts operations from now on, and fails all from the n-th on (from 0).
    pub(crate) fn start(stop_before: usize) {
        DISK.with_borrow_mut(|disk| *disk = Some(Disk { stop_before, ..Disk::default() }));
    }

    pub(crate) fn is_down() -> bool {
        DISK.with_borrow(|disk| disk.as_ref().is_some_and(|d| d.down))
    }

    pub(crate) fn before(operation: Operation<'_>, path: &Path) -> io::Result<()> {
        DISK.with_borrow_mut(|disk| {
            let Some(disk) = disk else { return Ok(()) };
            if disk.down || disk.operations == disk.stop_before {
                disk.down = true;
                if operation == Operation::Remove {
                    remove_half(path);
                }
                return Err(io::Error::other("the power is off"));
            }
            disk.operations += 1;
            match operation {
                Operation::Write => drop(disk.synced.remove(path)),
                Operation::Link => drop(disk.linked.insert(path.to_owned())),
                Operation::Sync | Operation::Remove => {}
                Operation::Rename { from } => {
                    // A rename does not change the durability of older files.
                    if is_staging(from) || from.extension().is_some_and(|e| e == "new") {
                        disk.made.insert(path.to_owned());
                    }
                    disk.renames.push((from.to_owned(), path.to_owned(), fs::read(path).ok()));
                    let moved = |set: &mut HashSet<PathBuf>| {
                        let below: Vec<PathBuf> = set.iter().filter(|p| p.starts_with(from)).cloned().collect();
                        for old in below {
                            let rest = old.strip_prefix(from).map(Path::to_owned).unwrap_or_default();
                            set.insert(if rest.as_os_str().is_empty() { path.to_owned() } else { path.join(rest) });
                        }
                    };
                    moved(&mut disk.synced);
                    moved(&mut disk.linked);
                }
            }
            Ok(())
        })
    }

    pub(crate) fn after(operation: Operation<'_>, path: &Path) {
        DISK.with_borrow_mut(|disk| {
            if let (Some(disk), Operation::Sync) = (disk, operation) {
                disk.synced.insert(path.to_owned());
                disk.renames.retain(|(_, to, _)| to.parent() != Some(path));
            }
        });
    }

    /// Ends the counting, and leaves below `root` the files that would survive a power cut now. Unsynced changes are
    /// lost. Renames may or may not have reached the disk: `keep_renames` chooses. Returns whether the power was cut
    /// before the end.
    pub(crate) fn crash(root: &Path, keep_renames: bool) -> bool {
        let disk = DISK.with_borrow_mut(Option::take).expect("started");
        lose_contents(root, &disk);
        for (from, to, before) in disk.renames.iter().rev().filter(|_| !keep_renames) {
            fs::rename(to, from).expect("the renamed file");
            if let Some(bytes) = before {
                fs::write(to, bytes).expect("what was there before");
            }
        }
        disk.down
    }

    /// Truncates every new file that was not synced, and empties every new directory that was not synced.
    fn lose_contents(root: &Path, disk: &Disk) {
        let generations = root.join("generations");
        let mut open: Vec<PathBuf> = vec![generations.clone()];
        while let Some(dir) = open.pop() {
            let is_new = dir != generations && is_new(&dir, disk);
            for entry in fs::read_dir(&dir).expect("a directory").flatten() {
                let path = entry.path();
                if path.is_dir() {
                    open.push(path);
                } else if is_new && !disk.synced.contains(&dir) {
                    fs::remove_file(&path).expect("removed");
                } else if is_new && !disk.synced.contains(&path) && !disk.linked.contains(&path) {
                    let half = fs::metadata(&path).expect("there").len() / 2;
                    fs::File::options().write(true).open(&path).and_then(|f| f.set_len(half)).expect("cut");
                }
            }
        }
        for name in ["CURRENT.new", "CURRENT", "PREVIOUS.new", "PREVIOUS"] {
            let path = root.join(name);
            let was_written = name.ends_with(".new") || disk.made.contains(&path);
            if was_written && path.exists() && !disk.synced.contains(&path) {
                fs::write(&path, "").expect("cut");
            }
        }
    }

    /// Whether a directory was made since counting began: it is a staging directory, or was renamed from one.
    fn is_new(dir: &Path, disk: &Disk) -> bool {
        is_staging(dir) || disk.made.iter().any(|made| dir.starts_with(made))
    }

    fn is_staging(path: &Path) -> bool {
        path.components().any(|c| c.as_os_str().to_string_lossy().starts_with(".staging-"))
    }

    /// A removal that the power cut interrupts.
    fn remove_half(dir: &Path) {
        let files = crate::files::list(dir).unwrap_or_default();
        files.iter().step_by(2).for_each(|file| fs::remove_file(dir.join(file)).expect("removed"));
    }
}
