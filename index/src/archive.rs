//! A generation as one stream: a tar archive of `CURRENT`, the manifest and every file it lists.
//!
//! `CURRENT` holds the checksum of the manifest, and the manifest those of the files, so the archive proves itself.
//! Memory holds only one file's buffer, so the stream can be a pipe.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, Read, Write},
    path::Path,
};

use crate::{
    Error, Generation, Manifest, Result, files,
    layout::{self, Layout},
    lock::WriterLock,
    manifest::FileRecord,
    publish::{self, Contents, Sealed},
    staging::Staging,
};

/// Name of an archive in messages.
const ARCHIVE: &str = "the archive";
/// Limit for `CURRENT`, which is one short line, and for a manifest, which is never this large.
const MOST_HEAD_BYTES: u64 = 256 << 20;

/// An imported generation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Its name.
    pub generation: String,
    /// Whether the index had it already; the import then only makes it live again.
    pub was_there: bool,
}

/// Writes the live generation of an index to a stream and returns its name.
///
/// # Errors
/// As for opening the index, and [`Error::Io`] for the stream.
pub fn export(root: &Path, out: impl Write) -> Result<String> {
    let generation = Generation::open(root)?;
    let (name, manifest) = (generation.manifest().generation.clone(), generation.manifest());
    let head = manifest.to_bytes()?;
    let current = format!("{name} {}\n", files::hash(&head));
    let failed = |e: io::Error| Error::io("write", ARCHIVE)(e);
    let mut archive = tar::Builder::new(out);
    archive.mode(tar::HeaderMode::Deterministic);
    for (path, bytes) in [(layout::CURRENT, current.as_bytes()), (layout::MANIFEST, head.as_slice())] {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, path, bytes).map_err(failed)?;
    }
    for record in &manifest.files {
        let path = generation.dir().join(&record.path);
        let mut file = File::open(&path).map_err(Error::io("read", &path))?;
        archive.append_file(&record.path, &mut file).map_err(failed)?;
    }
    archive.into_inner().and_then(|mut out| out.flush()).map_err(failed)?;
    Ok(name)
}

/// Imports a generation from a stream and makes it live. The bytes are those of the export.
///
/// # Errors
/// [`Error::Damaged`] for an archive that is truncated or changed, or for other bytes, [`Error::Locked`] while
/// another process writes, [`Error::Mismatch`] if the index has another generation of the same name. In each case the
/// live generation stays live.
pub fn import(root: &Path, input: impl Read) -> Result<Imported> {
    let layout = Layout::new(root);
    files::create_dir_durably(&layout.generations())?;
    let _lock = WriterLock::take(&layout)?;
    publish::remove_abandoned(&layout);
    let mut archive = tar::Archive::new(input);
    let mut entries = archive.entries().map_err(damaged)?;
    let current = head(&mut entries, layout::CURRENT)?;
    let (name, hash) = publish::parse_current(Path::new(ARCHIVE), &String::from_utf8_lossy(&current))?;
    let bytes = head(&mut entries, layout::MANIFEST)?;
    let manifest = Manifest::parse(Path::new(ARCHIVE), &bytes, &hash)?;
    if manifest.generation != name {
        return Err(Error::damaged(ARCHIVE, format!("generation {}", manifest.generation), name));
    }
    let unreadable = publish::unreadable_live(&layout);
    let is_replaced = match there(&layout, &manifest, &hash)? {
        There::Same => {
            publish::switch(&layout, &name, &hash, unreadable.as_deref())?;
            return Ok(Imported { generation: name, was_there: true });
        }
        There::Damaged => true,
        There::Nothing => false,
    };
    let staging = Staging::create(&layout, "-import")?;
    let mut expected: HashMap<&str, &FileRecord> = manifest.files.iter().map(|f| (f.path.as_str(), f)).collect();
    for entry in entries {
        let mut entry = entry.map_err(damaged)?;
        let path = entry.path().map_err(damaged)?.to_string_lossy().into_owned();
        // Import writes only files that the manifest lists, so no name can lead out of the directory.
        let Some(record) = expected.remove(path.as_str()).filter(|r| is_plain(&r.path)) else {
            return Err(Error::damaged(
                ARCHIVE,
                format!("unexpected or repeated file {path:?}"),
                "each file of the manifest once",
            ));
        };
        let target = staging.path().join(&record.path);
        files::create_dir_all(target.parent().unwrap_or(staging.path()))?;
        files::write_from(&target, &mut entry)?;
        record.verify(staging.path()).map_err(|e| match e {
            Error::Damaged { found, expected, .. } => Error::damaged(ARCHIVE, format!("{path} has {found}"), expected),
            other => other,
        })?;
    }
    if let Some(missing) = expected.keys().min() {
        return Err(Error::damaged(ARCHIVE, format!("file {missing:?} is missing"), "every file of the manifest"));
    }
    // Opening finds an error that checksums cannot: files that do not fit each other.
    Generation::open_dir(staging.path(), manifest.clone())?;
    publish::make_durable(staging.path(), &manifest, &HashMap::new(), &bytes)?;
    if is_replaced {
        publish::put_aside(&layout, &name)?;
    }
    let sealed = Sealed { contents: Contents::of(&manifest), staging, linked: HashMap::new(), unreadable };
    publish::publish(&layout, sealed, &manifest, &bytes)?;
    Ok(Imported { generation: name, was_there: false })
}

/// The content of an index directory under the number of an archive.
enum There {
    Nothing,
    /// The generation of the archive.
    Same,
    /// An unreadable generation: the archive may be the copy to restore it from.
    Damaged,
}

/// Refuses an archive if another intact generation has its number.
fn there(layout: &Layout, manifest: &Manifest, hash: &str) -> Result<There> {
    let name = &manifest.generation;
    let dir = layout.generation(name);
    if !dir.is_dir() {
        return Ok(There::Nothing);
    }
    if Manifest::read(&dir, hash).and_then(|there| there.verify_files(&dir)).is_ok() {
        return Ok(There::Same);
    }
    match Manifest::read_any(&dir).and_then(|other| other.verify_files(&dir)) {
        Ok(()) | Err(Error::Format { .. }) => Err(Error::Mismatch {
            what: "archive",
            found: format!("a different generation {name} in {}", layout.root().display()),
            expected: "a directory without this generation; import into an empty directory".into(),
        }),
        Err(_) => Ok(There::Damaged),
    }
}

/// One of the two entries at the front.
fn head<R: Read>(entries: &mut tar::Entries<'_, R>, path: &str) -> Result<Vec<u8>> {
    let not_there =
        || Error::damaged(ARCHIVE, format!("{path} is missing at the start"), "an archive that `indexer export` wrote");
    let entry = entries.next().ok_or_else(not_there)?.map_err(damaged)?;
    if entry.path().map_err(damaged)?.to_string_lossy() != path || entry.size() > MOST_HEAD_BYTES {
        return Err(not_there());
    }
    let size = entry.size();
    let mut bytes = Vec::new();
    entry.take(size).read_to_end(&mut bytes).map_err(damaged)?;
    Ok(bytes)
}

fn is_plain(path: &str) -> bool {
    path.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
}

fn damaged(error: io::Error) -> Error {
    Error::damaged(ARCHIVE, error, "a complete archive that `indexer export` wrote")
}
