//! Makes a staged generation the live one, and removes files that are no longer needed.
//!
//! The order matters, because a crash may come at any point: files are durable before the manifest is written, the
//! manifest before the directory gets its name, and the directory before `CURRENT` names it. A reader therefore finds
//! the old generation or the new one, complete.

use std::{
    collections::HashMap,
    fs,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use crate::{
    BuildCounts, Calibration, Counts, Error, Generation, Manifest, Result, WriterOptions, files,
    layout::{self, Layout},
    lexical::ANALYSIS,
    lock::WriterLock,
    manifest::FileRecord,
    staging::Staging,
};

/// The generation that is live after a publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Name of the generation.
    pub generation: String,
    /// Numbers of pages, passages and vectors.
    pub counts: Counts,
    /// Size of all its files, in bytes.
    pub bytes: u64,
    /// Number of passages of the previous generation that it does not have.
    pub removed: u64,
    /// Whether it was already live, because nothing differed.
    pub is_unchanged: bool,
    /// Languages of pages that the model does not know; pages without a language are `not stated`.
    pub unknown_languages: Vec<String>,
}

impl Published {
    /// The generation that stays live.
    pub(crate) fn unchanged(live: &Generation) -> Self {
        let manifest = live.manifest();
        Self {
            generation: manifest.generation.clone(),
            counts: manifest.counts,
            bytes: manifest.files.iter().map(|f| f.bytes).sum::<u64>()
                + manifest.to_bytes().map_or(0, |b| b.len() as u64),
            removed: 0,
            is_unchanged: true,
            unknown_languages: unknown_languages(manifest),
        }
    }
}

/// The content of a staged generation.
#[derive(Clone)]
pub(crate) struct Contents {
    pub(crate) counts: Counts,
    pub(crate) build: BuildCounts,
    pub(crate) calibration: Calibration,
    pub(crate) lookup_calibration: Option<Calibration>,
    pub(crate) languages: Vec<String>,
    pub(crate) vector_segments: Vec<String>,
    pub(crate) builds_on: Vec<String>,
}

impl Contents {
    /// The contents that a manifest describes.
    pub(crate) fn of(manifest: &Manifest) -> Self {
        Self {
            counts: manifest.counts,
            build: manifest.build,
            calibration: manifest.calibration.clone(),
            lookup_calibration: manifest.lookup_calibration.clone(),
            languages: manifest.languages.clone(),
            vector_segments: manifest.vector_segments.clone(),
            builds_on: manifest.builds_on.clone(),
        }
    }
}

/// A staging directory with all its files but the manifest.
pub(crate) struct Sealed {
    pub(crate) contents: Contents,
    pub(crate) staging: Staging,
    /// Files shared with the previous generation: already durable and hashed.
    pub(crate) linked: HashMap<String, FileRecord>,
    /// The generation that was live, if it was unreadable: the writer puts it aside and never removes it.
    pub(crate) unreadable: Option<String>,
}

/// Makes a staged generation durable under a manifest, which it writes last. The generation gets the next number.
pub(crate) fn seal(layout: &Layout, options: &WriterOptions, sealed: &Sealed) -> Result<Manifest> {
    let Contents { counts, build, calibration, lookup_calibration, languages, vector_segments, builds_on } =
        sealed.contents.clone();
    let staging = sealed.staging.path();
    let mut files_of = Vec::new();
    for path in files::list(staging)? {
        files_of.push(match sealed.linked.get(&path) {
            Some(record) => record.clone(),
            None => FileRecord::describe(staging, path)?,
        });
    }
    let manifest = Manifest {
        format: layout::FORMAT_VERSION,
        analysis: ANALYSIS,
        generation: layout::generation_name(next_number(layout)?),
        created_unix: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs()),
        model: options.model.clone(),
        dimension: options.dimension,
        token_neighbours: options.token_neighbours,
        counts,
        build,
        calibration,
        lookup_calibration,
        languages,
        vector_segments,
        builds_on,
        files: files_of,
    };
    make_durable(staging, &manifest, &sealed.linked, &manifest.to_bytes()?)?;
    Ok(manifest)
}

/// Makes the files of a staged generation durable, then its manifest (`bytes`), then its directories.
pub(crate) fn make_durable(
    staging: &Path,
    manifest: &Manifest,
    linked: &HashMap<String, FileRecord>,
    bytes: &[u8],
) -> Result<()> {
    for record in manifest.files.iter().filter(|r| !linked.contains_key(&r.path)) {
        files::sync(&staging.join(&record.path))?;
    }
    files::write_synced(&staging.join(layout::MANIFEST), bytes)?;
    sync_directories(staging)
}

/// Gives a sealed generation its name, and makes it the live one; `bytes` are those of its manifest.
pub(crate) fn publish(layout: &Layout, mut sealed: Sealed, manifest: &Manifest, bytes: &[u8]) -> Result<Published> {
    let generation = manifest.generation.clone();
    files::rename(sealed.staging.path(), &layout.generation(&generation))?;
    sealed.staging.published();
    files::sync(&layout.generations())?;
    let replaced = previous(layout).ok().map(|(name, _)| name);
    let unreadable = sealed.unreadable.as_deref();
    switch(layout, &generation, &files::hash(bytes), unreadable)?;
    remove_others(layout, &generation, replaced.as_deref(), unreadable);
    let size = manifest.files.iter().map(|f| f.bytes).sum::<u64>() + bytes.len() as u64;
    let unknown_languages = unknown_languages(manifest);
    let counts = manifest.counts;
    Ok(Published { generation, counts, bytes: size, removed: 0, is_unchanged: false, unknown_languages })
}

fn unknown_languages(manifest: &Manifest) -> Vec<String> {
    let names = manifest.calibration.known.unknown_languages();
    names.map(|name| if name.is_empty() { "not stated".to_owned() } else { name.to_owned() }).collect()
}

/// Points `CURRENT` at a generation, and `PREVIOUS` at the one that was live, unless that one is `unreadable`. It
/// writes `PREVIOUS` first: after a crash between the two, `PREVIOUS` names the generation that is still live, which
/// is useless but harmless.
pub(crate) fn switch(layout: &Layout, generation: &str, hash: &str, unreadable: Option<&str>) -> Result<()> {
    if let Ok((name, hash)) = current(layout)
        && name != generation
        && unreadable != Some(&name)
    {
        point(&layout.previous(), &name, &hash)?;
    }
    point(&layout.current(), generation, hash)?;
    files::sync(layout.root())
}

/// Replaces a pointer: writes a new file beside it, makes it durable and renames it.
fn point(pointer: &Path, generation: &str, manifest_hash: &str) -> Result<()> {
    let beside = pointer.with_extension("new");
    files::write_synced(&beside, format!("{generation} {manifest_hash}\n").as_bytes())?;
    files::rename(&beside, pointer)
}

/// Name and manifest checksum of the live generation.
pub(crate) fn current(layout: &Layout) -> Result<(String, String)> {
    read_pointer(layout, &layout.current())
}

/// Name and manifest checksum of the previous live generation.
pub(crate) fn previous(layout: &Layout) -> Result<(String, String)> {
    read_pointer(layout, &layout.previous())
}

fn read_pointer(layout: &Layout, path: &Path) -> Result<(String, String)> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            return Err(Error::NoIndex { dir: layout.root().to_owned() });
        }
        Err(e) => return Err(Error::io("read", path)(e)),
    };
    parse_current(path, &text)
}

/// The name and checksum in the text of a `CURRENT`.
pub(crate) fn parse_current(path: &Path, text: &str) -> Result<(String, String)> {
    match text.split_whitespace().collect::<Vec<_>>()[..] {
        [name, hash] if layout::generation_number(name).is_some() => Ok((name.to_owned(), hash.to_owned())),
        _ => Err(Error::damaged(path, format!("{:?}", text.trim()), "the name of a generation and a checksum")),
    }
}

fn next_number(layout: &Layout) -> Result<u64> {
    let highest = generations(layout)?.into_iter().max();
    // CURRENT may name a generation whose directory was lost. Its number is not used again.
    let live = current(layout).ok().and_then(|(name, _)| layout::generation_number(&name));
    Ok(highest.max(live).map_or(1, |n| n + 1))
}

fn generations(layout: &Layout) -> Result<Vec<u64>> {
    let dir = layout.generations();
    let entries = fs::read_dir(&dir).map_err(Error::io("list", &dir))?;
    Ok(entries.flatten().filter_map(|e| layout::generation_number(&e.file_name().to_string_lossy())).collect())
}

fn sync_directories(staging: &Path) -> Result<()> {
    let mut open = vec![staging.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(&dir).map_err(Error::io("list", &dir))?.flatten() {
            if entry.path().is_dir() {
                open.push(entry.path());
            }
        }
        files::sync(&dir)?;
    }
    Ok(())
}

/// Removes the directories that interrupted writers were creating or removing. Only the holder of the lock may call
/// it.
pub(crate) fn remove_abandoned(layout: &Layout) {
    let Ok(entries) = fs::read_dir(layout.generations()) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if [layout::STAGING_PREFIX, layout::REMOVED_PREFIX].iter().any(|p| name.to_string_lossy().starts_with(p))
            && let Err(error) = files::remove_dir_all(&entry.path())
        {
            tracing::warn!(%error, "cannot remove an abandoned directory");
        }
    }
}

/// The name of the live generation, if it differs from its manifest.
pub(crate) fn unreadable_live(layout: &Layout) -> Option<String> {
    let (name, hash) = current(layout).ok()?;
    let dir = layout.generation(&name);
    match Manifest::read(&dir, &hash).and_then(|manifest| manifest.verify_files(&dir)) {
        Ok(()) | Err(Error::Format { .. }) => None,
        Err(_) => Some(name),
    }
}

/// Removes generations that are neither the live one nor the previous one: older ones, and those that a crash left
/// between getting their name and becoming live. `replaced` is the previous one until now, and is removed without a
/// check. Any other is checked first, and `unreadable` is known to be damaged: unreadable generations are put aside.
/// A reader that holds a generation keeps its mapped files; the disk frees their space when the reader releases them.
pub(crate) fn remove_others(
    layout: &Layout,
    live: &str,
    replaced: Option<&str>,
    unreadable: Option<&str>,
) -> Vec<String> {
    let Some(live) = layout::generation_number(live) else { return Vec::new() };
    let recorded = previous(layout).ok().map(|(name, _)| name).filter(|name| layout.generation(name).is_dir());
    // Without a record of the previous generation, one with a higher number may be it, after an import.
    let is_other = |n: &u64| *n < live || (*n != live && recorded.is_some());
    let mut others: Vec<u64> = generations(layout).unwrap_or_default().into_iter().filter(is_other).collect();
    others.sort_unstable();
    let others: Vec<String> = others.into_iter().map(layout::generation_name).collect();
    let is_damaged = |name: &String| unreadable == Some(name);
    let kept = recorded.or_else(|| others.iter().rfind(|name| !is_damaged(name)).cloned());
    let mut removed = Vec::new();
    for name in others.into_iter().filter(|name| Some(name) != kept.as_ref()) {
        let fate = match replaced == Some(&name) {
            _ if is_damaged(&name) => Fate::PutAside,
            true => Fate::Remove,
            false => fate(layout, &name),
        };
        let done = match fate {
            Fate::Remove => remove(layout, &name).map(|()| removed.push(name)),
            Fate::PutAside => put_aside(layout, &name),
            Fate::Leave => Ok(()),
        };
        if let Err(error) = done {
            tracing::warn!(%error, "cannot remove an old generation");
        }
    }
    removed
}

/// The action for an old generation.
enum Fate {
    Remove,
    PutAside,
    /// A newer program wrote it.
    Leave,
}

fn fate(layout: &Layout, name: &str) -> Fate {
    let dir = layout.generation(name);
    match Manifest::read_any(&dir).and_then(|manifest| manifest.verify_files(&dir)) {
        Ok(()) => Fate::Remove,
        Err(error @ Error::Format { .. }) if error.is_newer_format() => Fate::Leave,
        Err(Error::Format { .. }) => Fate::Remove,
        Err(_) => Fate::PutAside,
    }
}

/// Removes a generation. It loses its name first, so that no reader ever finds an incomplete one.
fn remove(layout: &Layout, name: &str) -> Result<()> {
    let nameless = layout.generations().join(format!("{}{name}", layout::REMOVED_PREFIX));
    files::rename(&layout.generation(name), &nameless)?;
    files::sync(&layout.generations())?;
    files::remove_dir_all(&nameless)
}

/// Renames an unreadable generation so that it has no number, and leaves the rest to the operator.
pub(crate) fn put_aside(layout: &Layout, name: &str) -> Result<()> {
    let place = |n: u32| match n {
        0 => layout.generations().join(format!("{name}.damaged")),
        n => layout.generations().join(format!("{name}.damaged-{n}")),
    };
    let aside = (0..).map(place).find(|path| !path.exists()).unwrap_or_else(|| place(0));
    files::rename(&layout.generation(name), &aside)?;
    files::sync(&layout.generations())?;
    tracing::warn!(path = %aside.display(), "renamed an unreadable generation; delete it if you do not need it");
    Ok(())
}

/// Removes generations that are neither the live one nor the previous one, and returns their names.
///
/// # Errors
/// [`Error::NoIndex`] if there is no index, [`Error::Locked`] while another process writes it.
pub fn prune(root: &Path) -> Result<Vec<String>> {
    let layout = Layout::new(root);
    let (live, _) = current(&layout)?;
    let _lock = WriterLock::take(&layout)?;
    remove_abandoned(&layout);
    Ok(remove_others(&layout, &live, None, None))
}
