//! From a model's name to a local directory.
//!
//! | name | where it is |
//! |---|---|
//! | absent, or `all-MiniLM-L6-v2` | the default: installed beside the programs, or in the cache |
//! | a path that exists, or one that starts with `.` or `/` | that directory |
//! | `owner/name`, `owner/name@revision` | the hub's cache, else the hub |

use std::{
    fmt,
    path::{Path, PathBuf},
};

use crate::{Error, Result, cache, fingerprint, hub};

/// Name of the model that is used when none is given.
pub const DEFAULT_MODEL: &str = "all-MiniLM-L6-v2";
/// Where the hub keeps the same files.
pub const DEFAULT_HUB_ID: &str = "sentence-transformers/all-MiniLM-L6-v2";

/// Files of the default model and the SHA-256 of each.
/// The same list stands in `models/provision.py`; a test compares the two.
pub const DEFAULT_FILES: [(&str, &str); 8] = [
    ("config.json", "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"),
    ("modules.json", "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf"),
    ("1_Pooling/config.json", "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23"),
    ("sentence_bert_config.json", "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7"),
    ("config_sentence_transformers.json", "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3"),
    ("tokenizer_config.json", "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b"),
    ("tokenizer.json", "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"),
    ("model.safetensors", "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"),
];

/// A model, named but not yet looked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ModelSource {
    /// The default model.
    #[default]
    Default,
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
    /// Reads a name as the table above says.
    #[must_use]
    pub fn parse(name: &str) -> Self {
        if name.is_empty() || name == DEFAULT_MODEL {
            return Self::Default;
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
    /// [`Error::NotFound`] that says where it was looked for and what to do.
    pub fn locate(&self) -> Result<PathBuf> {
        match self {
            Self::Default => default_dir().ok_or_else(|| Error::NotFound {
                name: DEFAULT_MODEL.into(),
                looked: default_places().iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", "),
                advice: "run `indexer model pull`, or `make demo` in the source tree".into(),
            }),
            Self::Directory(dir) if dir.is_dir() => Ok(dir.clone()),
            Self::Directory(dir) => Err(Error::NotFound {
                name: dir.display().to_string(),
                looked: "no such directory".into(),
                advice: "give a directory, or a hub id of the form owner/name".into(),
            }),
            Self::Hub { id, revision } => hub::cached(id, revision),
        }
    }

    /// Finds the model, fetching it from the hub if it is not on this machine.
    /// `progress` draws a bar on standard error.
    ///
    /// # Errors
    /// As [`Self::locate`], and [`Error::Hub`] or [`Error::WrongHash`] for a failed download.
    pub fn fetch(&self, progress: bool) -> Result<PathBuf> {
        match (self, self.locate()) {
            (_, Ok(dir)) => Ok(dir),
            (Self::Directory(_), Err(error)) => Err(error),
            (Self::Hub { id, revision }, Err(_)) => hub::fetch(id, revision, progress),
            (Self::Default, Err(_)) => fetch_default(progress),
        }
    }
}

impl fmt::Display for ModelSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str(DEFAULT_MODEL),
            Self::Directory(dir) => write!(f, "{}", dir.display()),
            Self::Hub { id, revision } if revision == "main" => f.write_str(id),
            Self::Hub { id, revision } => write!(f, "{id}@{revision}"),
        }
    }
}

/// Directories that may hold the default model, in the order they are tried.
fn default_places() -> Vec<PathBuf> {
    let installed = cache::installed().map(|d| d.join("models"));
    let cached = cache::root().ok().map(|d| d.join("models"));
    installed.into_iter().chain(cached).map(|d| d.join(DEFAULT_MODEL)).collect()
}

fn default_dir() -> Option<PathBuf> {
    default_places().into_iter().find(|dir| DEFAULT_FILES.iter().all(|(file, _)| dir.join(file).is_file()))
}

/// Fetches the default model's files from the hub into the cache; every file must have its hash.
fn fetch_default(progress: bool) -> Result<PathBuf> {
    let snapshot = hub::fetch(DEFAULT_HUB_ID, "main", progress)?;
    for (file, expected) in DEFAULT_FILES {
        let path = snapshot.join(file);
        let found = fingerprint::sha256_now(&path)?;
        if found != expected {
            return Err(Error::WrongHash { path, algorithm: "SHA-256", found, expected: expected.into() });
        }
    }
    let target = cache::root()?.join("models").join(DEFAULT_MODEL);
    for (file, _) in DEFAULT_FILES {
        let bytes = std::fs::read(snapshot.join(file)).map_err(Error::read(snapshot.join(file)))?;
        cache::write_atomically(&target.join(file), &bytes)?;
    }
    Ok(target)
}

/// Models on this machine: name and directory.
#[must_use]
pub fn installed_models() -> Vec<(String, PathBuf)> {
    let default = default_dir().map(|dir| (DEFAULT_MODEL.to_owned(), dir));
    default.into_iter().chain(hub::installed()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_documented() {
        assert_eq!(ModelSource::parse(""), ModelSource::Default);
        assert_eq!(ModelSource::parse(DEFAULT_MODEL), ModelSource::Default);
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

    #[test]
    fn the_provisioning_script_has_the_same_hashes() {
        let script = include_str!("../provision.py");
        for (file, hash) in DEFAULT_FILES {
            assert!(script.contains(&format!("\"{file}\": \"{hash}\"")), "{file} differs in models/provision.py");
        }
    }
}
