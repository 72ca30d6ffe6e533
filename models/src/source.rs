//! Turns a model's name into a local directory.
//!
//! | name | location |
//! |---|---|
//! | absent, `small`, or `all-MiniLM-L6-v2` | the default: installed beside the programs, or in the cache |
//! | `best`, `multilingual`, or the name of their model | that preset: in the same places |
//! | a path that exists, or one that starts with `.` or `/` | that directory |
//! | `owner/name`, `owner/name@revision` | the hub's cache, else the hub |

use std::{
    fmt,
    path::{Path, PathBuf},
};

use crate::{
    Error, Result, cache, fingerprint, hub,
    preset::{PRESETS, Preset, SMALL},
};

/// Name of the default model.
pub const DEFAULT_MODEL: &str = "all-MiniLM-L6-v2";
/// The hub repository with the same files.
pub const DEFAULT_HUB_ID: &str = "sentence-transformers/all-MiniLM-L6-v2";

/// The parsed name of a model, before any search for its files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ModelSource {
    /// The default model.
    #[default]
    Default,
    /// Another model with a short name.
    Preset(&'static Preset),
    /// A local directory in the Hugging Face layout.
    Directory(PathBuf),
    /// A repository of the hub.
    Hub {
        /// `owner/name`.
        id: String,
        /// Branch, tag or commit.
        revision: String,
    },
}

impl ModelSource {
    /// Parses a name by the rules of the table above.
    #[must_use]
    pub fn parse(name: &str) -> Self {
        match Preset::named(name) {
            _ if name.is_empty() => return Self::Default,
            Some(preset) if preset.model == DEFAULT_MODEL => return Self::Default,
            Some(preset) => return Self::Preset(preset),
            None => {}
        }
        let path = Path::new(name);
        if name.starts_with(['.', '/']) || path.is_dir() {
            return Self::Directory(path.to_owned());
        }
        let (id, revision) = name.split_once('@').unwrap_or((name, "main"));
        if id.split('/').count() == 2 && id.split('/').all(|part| !part.is_empty()) {
            Self::Hub { id: id.to_owned(), revision: revision.to_owned() }
        } else {
            Self::Directory(path.to_owned())
        }
    }

    /// Finds the model on this machine, without a network.
    ///
    /// # Errors
    /// [`Error::NotFound`], which lists the places searched and advises the user.
    pub fn locate(&self) -> Result<PathBuf> {
        match self {
            Self::Default => SMALL.dir().ok_or_else(|| SMALL.absent()),
            Self::Preset(preset) => preset.dir().ok_or_else(|| preset.absent()),
            Self::Directory(dir) if dir.is_dir() => Ok(dir.clone()),
            Self::Directory(dir) => Err(Error::NotFound {
                name: dir.display().to_string(),
                looked: "there is no such directory".into(),
                advice: "give a directory or a hub id such as owner/name".into(),
            }),
            Self::Hub { id, revision } => hub::cached(id, revision),
        }
    }

    /// Finds the model, fetching it from the hub if it is not on this machine. For presets other than the default,
    /// the hub has different files, so those presets are never fetched. `progress` draws a bar on standard error.
    ///
    /// # Errors
    /// As [`Self::locate`], and [`Error::Hub`] or [`Error::WrongHash`] for a failed download.
    pub fn fetch(&self, progress: bool) -> Result<PathBuf> {
        match (self, self.locate()) {
            (_, Ok(dir)) => Ok(dir),
            (Self::Directory(_) | Self::Preset(_), Err(error)) => Err(error),
            (Self::Hub { id, revision }, Err(_)) => hub::fetch(id, revision, progress),
            (Self::Default, Err(_)) => fetch_default(progress),
        }
    }
}

impl fmt::Display for ModelSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str(DEFAULT_MODEL),
            Self::Preset(preset) => f.write_str(preset.model),
            Self::Directory(dir) => write!(f, "{}", dir.display()),
            Self::Hub { id, revision } if revision == "main" => f.write_str(id),
            Self::Hub { id, revision } => write!(f, "{id}@{revision}"),
        }
    }
}

/// Fetches the default model's files from the hub into the cache; every file must match its hash.
fn fetch_default(progress: bool) -> Result<PathBuf> {
    let snapshot = hub::fetch(DEFAULT_HUB_ID, "main", progress)?;
    for &(file, expected) in SMALL.files {
        let path = snapshot.join(file);
        let found = fingerprint::sha256_now(&path)?;
        if found != expected {
            return Err(Error::WrongHash { path, algorithm: "SHA-256", found, expected: expected.into() });
        }
    }
    let target = cache::root()?.join("models").join(DEFAULT_MODEL);
    for (file, _) in SMALL.files {
        let bytes = std::fs::read(snapshot.join(file)).map_err(Error::read(snapshot.join(file)))?;
        cache::write_atomically(&target.join(file), &bytes)?;
    }
    Ok(target)
}

/// Models on this machine: name and directory.
#[must_use]
pub fn installed_models() -> Vec<(String, PathBuf)> {
    let presets = PRESETS.into_iter().filter_map(|preset| Some((preset.model.to_owned(), preset.dir()?)));
    presets.chain(hub::installed()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_documented() {
        assert_eq!(ModelSource::parse(""), ModelSource::Default);
        assert_eq!(ModelSource::parse(DEFAULT_MODEL), ModelSource::Default);
        assert_eq!(ModelSource::parse("small"), ModelSource::Default);
        assert!(matches!(ModelSource::parse("best"), ModelSource::Preset(p) if p.model == "bge-small-en-v1.5"));
        assert_eq!(ModelSource::parse("multilingual-e5-small"), ModelSource::parse("multilingual"));
        assert_eq!(ModelSource::parse("./best"), ModelSource::Directory("./best".into()));
        assert_eq!(ModelSource::parse("./x"), ModelSource::Directory("./x".into()));
        assert_eq!(
            ModelSource::parse("BAAI/bge-small-en-v1.5@abc"),
            ModelSource::Hub { id: "BAAI/bge-small-en-v1.5".into(), revision: "abc".into() }
        );
        assert!(matches!(ModelSource::parse("nonsense"), ModelSource::Directory(_)));
    }

    #[test]
    fn a_missing_directory_says_so() {
        let error = ModelSource::parse("./no-such-model").fetch(false).expect_err("absent");
        assert!(error.to_string().contains("no-such-model"), "{error}");
    }
}
