//! Models of the hub: cached, fetched, resumed and checked.
//!
//! The protocol and the cache's layout are hf-hub's. This module adds the offline switch, the retries that resume a
//! dropped connection, and the hash checks. `HF_ENDPOINT`, `HF_HOME`, `HF_HUB_OFFLINE` and `HF_TOKEN` have the same
//! meaning as in the hub's own tools.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use hf_hub::{
    Cache, Repo, RepoType,
    api::sync::{Api, ApiBuilder, ApiError, ApiRepo},
};
use sha1::Sha1;

use crate::{
    Error, Result,
    artifact::{self, ONNX_PLACES, PICKLES, SAFE_WEIGHTS},
    fingerprint,
};

/// The number of retries. Each resumes where the last attempt stopped.
const RETRIES: usize = 5;
/// Optional files, fetched if the repository has them.
const OPTIONAL: [&str; 6] = [
    "modules.json",
    "1_Pooling/config.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
];
const CONFIG: &str = "config.json";
const TOKENIZER: &str = "tokenizer.json";
const SAFETENSORS: &str = "model.safetensors";
const ONNX: &str = ONNX_PLACES[0];

fn repo(id: &str, revision: &str) -> Repo {
    Repo::with_revision(id.to_owned(), RepoType::Model, revision.to_owned())
}

fn endpoint() -> String {
    env::var("HF_ENDPOINT").unwrap_or_else(|_| "https://huggingface.co".to_owned())
}

fn offline() -> bool {
    env::var("HF_HUB_OFFLINE").is_ok_and(|v| !matches!(v.to_ascii_lowercase().as_str(), "" | "0" | "false" | "no"))
}

/// The model's directory in the hub's cache, if it holds all needed files. Never uses the network.
pub(crate) fn cached(id: &str, revision: &str) -> Result<PathBuf> {
    let cache = Cache::from_env();
    let files = cache.repo(repo(id, revision));
    let not_found = || Error::NotFound {
        name: id.to_owned(),
        looked: format!("{}", cache.path().display()),
        advice: if offline() {
            "HF_HUB_OFFLINE is set: unset it and run `indexer model pull`".to_owned()
        } else {
            format!("run `indexer model pull {id}`")
        },
    };
    let config = files.get(CONFIG).ok_or_else(not_found)?;
    let dir = config.parent().ok_or_else(not_found)?.to_owned();
    // The marker is written last: a snapshot without it is an incomplete download.
    if marker(&dir).is_file() { Ok(dir) } else { Err(not_found()) }
}

fn marker(snapshot: &Path) -> PathBuf {
    snapshot.join(".cloze-complete")
}

/// Fetches the files that the encoder needs from a repository, and checks every file against the hub's hash. It
/// resumes after a dropped connection, in this call and in the next one.
pub(crate) fn fetch(id: &str, revision: &str, progress: bool) -> Result<PathBuf> {
    if offline() {
        return cached(id, revision);
    }
    let api = api(progress).map_err(|e| hub_error(id, "the file list", &e))?;
    let remote = api.repo(repo(id, revision));
    let info = remote.info().map_err(|e| hub_error(id, "the file list", &e))?;
    let files: Vec<&str> = info.siblings.iter().map(|s| s.rfilename.as_str()).collect();
    // The architecture determines the weights to fetch.
    let config = fetch_file(&remote, &api, id, CONFIG)?;
    let weights = weights(id, &config, &files)?;
    let optional = OPTIONAL.into_iter().filter(|f| files.contains(f));
    for file in [TOKENIZER].into_iter().chain(optional).chain(weights) {
        fetch_file(&remote, &api, id, file)?;
    }
    let snapshot = config.parent().map(Path::to_owned).ok_or(Error::NoCacheDir)?;
    fs::write(marker(&snapshot), b"").map_err(Error::write(marker(&snapshot)))?;
    Ok(snapshot)
}

/// The weights that the encoder needs: `model.safetensors` if this crate builds the architecture's graph, else the
/// ONNX file with the data beside it.
fn weights<'a>(id: &str, config: &Path, files: &[&'a str]) -> Result<Vec<&'a str>> {
    let (is_built_here, architecture) = artifact::architecture(config)?;
    let find = |name: &str| files.iter().copied().find(|file| *file == name);
    if let Some(file) = find(SAFETENSORS).filter(|_| is_built_here) {
        return Ok(vec![file]);
    }
    match ONNX_PLACES.into_iter().find_map(find) {
        Some(file) => {
            let folder = file.strip_suffix("model.onnx").unwrap_or_default();
            let is_data = |other: &&&str| other.strip_prefix(folder).is_some_and(artifact::is_external_data);
            Ok([file].into_iter().chain(files.iter().filter(is_data).copied()).collect())
        }
        None if is_built_here && let Some(pickle) = PICKLES.into_iter().find_map(find) => Err(Error::Hub {
            model: id.to_owned(),
            file: pickle.to_owned(),
            endpoint: endpoint(),
            reason: format!("it is a pickle, which can run code when it is read; expected {SAFE_WEIGHTS}"),
        }),
        None => Err(Error::Hub {
            model: id.to_owned(),
            file: if is_built_here { SAFETENSORS } else { ONNX }.to_owned(),
            endpoint: endpoint(),
            reason: match is_built_here {
                true => format!("the repository has neither {SAFETENSORS} nor {ONNX}"),
                false => format!("the architecture {architecture:?} needs {ONNX}, and the repository does not have it"),
            },
        }),
    }
}

fn api(progress: bool) -> Result<Api, ApiError> {
    let builder = ApiBuilder::from_env().with_retries(RETRIES).with_progress(progress);
    match env::var("HF_TOKEN") {
        Ok(token) if !token.is_empty() => builder.with_token(Some(token)),
        _ => builder,
    }
    .build()
}

/// Downloads one file unless it is cached, and refuses it if its hash is wrong.
fn fetch_file(remote: &ApiRepo, api: &Api, id: &str, file: &str) -> Result<PathBuf> {
    let promised = api.metadata(&remote.url(file)).map_err(|e| hub_error(id, file, &e))?;
    let path = remote.get(file).map_err(|e| hub_error(id, file, &e))?;
    let checked = check(&path, promised.etag(), promised.size());
    if checked.is_err() {
        // The pointer is a link to the blob. Both are deleted, so that the next attempt starts clean.
        if let Ok(blob) = path.canonicalize() {
            fs::remove_file(blob).ok();
        }
        fs::remove_file(&path).ok();
    }
    checked.map(|()| path)
}

/// The hub's entity tag is the SHA-256 of a large file, and git's object hash of a small one.
fn check(path: &Path, etag: &str, size: usize) -> Result<()> {
    let (algorithm, found) = match etag.len() {
        64 => ("SHA-256", fingerprint::sha256_now(path)?),
        40 => ("git object hash", fingerprint::hash_file::<Sha1>(path, format!("blob {size}\0").as_bytes())?),
        _ => {
            return Err(Error::bad_file(path, format!("the entity tag is {etag:?}"), "a SHA-256 or a git object hash"));
        }
    };
    if found == etag {
        return Ok(());
    }
    Err(Error::WrongHash { path: path.to_owned(), algorithm, found, expected: etag.to_owned() })
}

fn hub_error(id: &str, file: &str, error: &ApiError) -> Error {
    Error::Hub { model: id.to_owned(), file: file.to_owned(), endpoint: endpoint(), reason: error.to_string() }
}

/// Complete models in the hub's cache.
pub(crate) fn installed() -> Vec<(String, PathBuf)> {
    let Ok(entries) = fs::read_dir(Cache::from_env().path()) else { return Vec::new() };
    let ids = entries.flatten().filter_map(|e| {
        let name = e.file_name().into_string().ok()?;
        Some(name.strip_prefix("models--")?.replacen("--", "/", 1))
    });
    let mut found: Vec<_> = ids.filter_map(|id| cached(&id, "main").ok().map(|dir| (id, dir))).collect();
    found.sort();
    found
}
