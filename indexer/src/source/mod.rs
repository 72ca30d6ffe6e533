//! Lists the source files.

pub mod charset;
pub mod crawl;
pub mod csv;
mod same;
pub mod urls;
pub mod versions;
pub mod watch;

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use encoding_rs_io::DecodeReaderBytesBuilder;
use flate2::read::MultiGzDecoder;
use ignore::{
    WalkBuilder,
    gitignore::{Gitignore, GitignoreBuilder},
};

use cloze_index::FetchedPages;

use crate::{Error, Result, document::navigation, extract::Format};
use charset::Hints;
use versions::Version;

/// The folders to walk, and the selection of their files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection {
    /// Folders and files, as given.
    pub paths: Vec<PathBuf>,
    /// Patterns; a file must match one of them, if any are given.
    pub include: Vec<String>,
    /// Patterns; a file must match none of them.
    pub exclude: Vec<String>,
}

/// A file to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its name: the path relative to the folder that was given, with `/`; where several folders
    /// were given, the folder's own name comes first.
    pub name: String,
    /// The folder that was given.
    pub root: PathBuf,
    /// How it is read.
    pub format: Format,
    /// Size in bytes.
    pub bytes: u64,
    /// Which version of a manual it belongs to, where there are several.
    pub version: Option<Version>,
    /// Where it was fetched from, if it is a page of a site that was given by its address.
    pub fetched: Option<Fetched>,
}

/// Facts about a fetched page beside its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Where readers open it.
    pub address: String,
    /// `charset` of its `Content-Type`.
    pub charset: Option<String>,
}

impl SourceFile {
    /// The content.
    fn open(&self, limit: u64) -> Result<Box<dyn Read>, String> {
        match &self.fetched {
            Some(_) => {
                let body = FetchedPages::body(&self.path, limit).map_err(|e| e.to_string())?;
                Ok(Box::new(std::io::Cursor::new(body)))
            }
            None => {
                let file = File::open(&self.path).map_err(|e| format!("cannot read the file ({e})"))?;
                let is_compressed = self.path.extension().is_some_and(|extension| extension == "gz");
                Ok(if is_compressed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) })
            }
        }
    }
}

/// A record as a line of JSON with the number of its line, or why it cannot be read.
pub type Record = (u64, Result<String, String>);

/// The result of a walk.
#[derive(Debug, Default)]
pub struct Walk {
    /// Files to read: those of a folder before those below it, each folder's in the order of their names. So the
    /// first of two pages that are the same is the one with the shorter path.
    pub files: Vec<SourceFile>,
    /// Files that would give a page twice, and pages that their site keeps out, each with the reason.
    pub left_out: Vec<(String, String)>,
    /// Entries that could not be looked at, each with the reason.
    pub unreadable: Vec<(String, String)>,
    /// Further warnings, each with its subject.
    pub notes: Vec<(String, String)>,
    /// Number of skipped files of other kinds.
    pub other: usize,
}

/// Walks the selection, and skips hidden files and those that `.gitignore` names.
///
/// # Errors
/// [`Error::Source`] for a path that does not exist or may not be read, [`Error::Pattern`] for a bad pattern.
pub fn walk(selection: &Selection) -> Result<Walk> {
    let mut walk = Walk::default();
    for given in &selection.paths {
        let meta = std::fs::metadata(given).map_err(|cause| Error::Source { path: given.clone(), cause })?;
        if meta.is_dir() {
            std::fs::read_dir(given).map_err(|cause| Error::Source { path: given.clone(), cause })?;
            walk_folder(given, selection, &mut walk)?;
        } else {
            let root = given.parent().map_or_else(PathBuf::new, Path::to_owned);
            let format = format_of(given).ok_or_else(|| Error::Empty {
                paths: vec![given.clone()],
                found: "found a file of another format".into(),
            })?;
            walk.files.push(SourceFile {
                name: relative_name(given, &root),
                path: given.clone(),
                root,
                format,
                bytes: meta.len(),
                version: None,
                fetched: None,
            });
        }
    }
    walk.files.sort_by(|a, b| order(&a.name).cmp(&order(&b.name)));
    walk.files.dedup_by(|a, b| a.path == b.path);
    let links = same::drop_links(&mut walk);
    same::drop_copies(&mut walk);
    versions::mark(&mut walk.files, &links);
    Ok(walk)
}

/// What files are ordered by: depth, then the path without its extension.
fn order(name: &str) -> (usize, &str, &str) {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    (name.matches('/').count(), stem, name)
}

fn walk_folder(root: &Path, selection: &Selection, walk: &mut Walk) -> Result<()> {
    let include = patterns(root, "--include", &selection.include)?;
    let exclude = patterns(root, "--exclude", &selection.exclude)?;
    let is_chosen = |path: &Path| {
        let matches = |patterns: &Gitignore| patterns.matched_path_or_any_parents(path, false).is_ignore();
        (include.is_empty() || matches(&include)) && !matches(&exclude)
    };
    let prefix = match (selection.paths.len(), root.file_name()) {
        (2.., Some(name)) => format!("{}/", name.to_string_lossy()),
        _ => String::new(),
    };
    // A folder's own .gitignore counts also where the folder is no repository.
    let entries = WalkBuilder::new(root).require_git(false).follow_links(true).sort_by_file_name(Ord::cmp).build();
    for entry in entries {
        match entry {
            Ok(entry) if entry.file_type().is_some_and(|t| t.is_file()) && is_chosen(entry.path()) => {
                add_file(root, &prefix, entry.path(), walk);
            }
            Ok(_) => {}
            Err(error) => walk.unreadable.push((error_path(&error, root), error.to_string())),
        }
    }
    Ok(())
}

/// Patterns as in `.gitignore`. They narrow the selection and never bring back ignored files.
fn patterns(root: &Path, option: &'static str, patterns: &[String]) -> Result<Gitignore> {
    let mut builder = GitignoreBuilder::new(root);
    for pattern in patterns {
        let bad = |e: ignore::Error| Error::Pattern { option, pattern: pattern.clone(), reason: e.to_string() };
        builder.add_line(None, pattern).map_err(bad)?;
    }
    let bad = |e: ignore::Error| Error::Pattern { option, pattern: patterns.join(" "), reason: e.to_string() };
    builder.build().map_err(bad)
}

fn add_file(root: &Path, prefix: &str, path: &Path, walk: &mut Walk) {
    match format_of(path) {
        Some(_) if navigation::is_navigation(path) => walk.other += 1,
        Some(format) => walk.files.push(SourceFile {
            name: format!("{prefix}{}", relative_name(path, root)),
            path: path.to_owned(),
            root: root.to_owned(),
            format,
            bytes: std::fs::metadata(path).map_or(0, |m| m.len()),
            version: None,
            fetched: None,
        }),
        None => walk.other += 1,
    }
}

fn error_path(error: &ignore::Error, root: &Path) -> String {
    match error {
        ignore::Error::WithPath { path, .. } => relative_name(path, root),
        ignore::Error::WithDepth { err, .. } => error_path(err, root),
        _ => root.display().to_string(),
    }
}

/// The format by the name of a file. Systems install manual pages compressed, as `ls.1.gz`.
fn format_of(path: &Path) -> Option<Format> {
    let of = |path: &Path| Format::of_extension(path.extension()?.to_str()?);
    match path.extension()?.to_str()? {
        "gz" => of(Path::new(path.file_stem()?)).filter(|format| *format == Format::Man),
        _ => of(path),
    }
}

/// The path below a folder, with `/`.
pub(crate) fn relative_name(path: &Path, root: &Path) -> String {
    let relative = path.strip_prefix(root).unwrap_or(path);
    relative.components().map(|c| c.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// Reads a file as text.
///
/// # Errors
/// A sentence for the report: unreadable, too large, no text, or in no encoding that fits (with the place).
pub fn read_text(file: &SourceFile, limit: u64) -> Result<String, String> {
    let hints = Hints {
        is_markup: file.format == Format::Html,
        http: file.fetched.as_ref().and_then(|f| f.charset.as_deref()),
    };
    charset::decode(read_bytes(file, limit)?, hints)
}

/// Reads a file.
///
/// # Errors
/// A sentence for the report: unreadable, or too large.
pub fn read_bytes(file: &SourceFile, limit: u64) -> Result<Vec<u8>, String> {
    if file.bytes > limit {
        return Err(too_large(file.bytes, limit));
    }
    let opened = file.open(limit)?;
    let mut bytes = Vec::with_capacity(file.bytes as usize);
    // One byte more than allowed shows a file that grew since it was looked at.
    opened.take(limit + 1).read_to_end(&mut bytes).map_err(|e| format!("cannot read the file ({e})"))?;
    if bytes.len() as u64 > limit {
        return Err(too_large(bytes.len() as u64, limit));
    }
    Ok(bytes)
}

fn not_utf8(error: &std::string::FromUtf8Error) -> String {
    format!("invalid UTF-8 at byte {} of the line", error.utf8_error().valid_up_to())
}

fn too_large(bytes: u64, limit: u64) -> String {
    format!("the size is {bytes} bytes; expected at most {limit} (--max-file-bytes)")
}

/// The records of a file that has some, as lines of JSON with the numbers of their lines.
///
/// # Errors
/// A sentence for the report if the file cannot be opened, or its header is of no use.
pub fn records(file: &SourceFile, limit: u64) -> Result<Box<dyn Iterator<Item = Record> + '_>, String> {
    Ok(match file.format {
        Format::Csv => Box::new(csv::rows(file.open(limit)?, limit)?),
        _ => Box::new(lines(file, limit)?),
    })
}

/// The lines of a JSON Lines file, one at a time, with their numbers; empty lines are skipped.
///
/// # Errors
/// A sentence for the report if the file cannot be opened.
pub fn lines(file: &SourceFile, limit: u64) -> Result<impl Iterator<Item = (u64, Result<String, String>)>, String> {
    let opened = file.open(limit)?;
    // JSON is UTF-8; programs that write it with a byte order mark, or as UTF-16 with one, are many.
    let decoded = DecodeReaderBytesBuilder::new().utf8_passthru(true).strip_bom(true).build(opened);
    let mut reader = BufReader::with_capacity(1 << 16, decoded);
    let mut number = 0;
    Ok(std::iter::from_fn(move || {
        loop {
            number += 1;
            match next_line(&mut reader, limit) {
                Ok(None) => return None,
                Ok(Some(line)) if line.iter().all(u8::is_ascii_whitespace) => {}
                Ok(Some(line)) if line.len() as u64 > limit => {
                    return Some((number, Err(too_large(line.len() as u64, limit))));
                }
                Ok(Some(line)) => return Some((number, String::from_utf8(line).map_err(|e| not_utf8(&e)))),
                Err(e) => return Some((number, Err(format!("cannot read the file ({e})")))),
            }
        }
    })
    .fuse())
}

/// One line; a line that is too long is cut, and its end is skipped.
fn next_line(reader: &mut impl BufRead, limit: u64) -> std::io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let read = reader.by_ref().take(limit + 1).read_until(b'\n', &mut line)?;
    if read == 0 {
        return Ok(None);
    }
    if line.len() as u64 > limit && !line.ends_with(b"\n") {
        reader.skip_until(b'\n')?;
    }
    Ok(Some(line))
}
