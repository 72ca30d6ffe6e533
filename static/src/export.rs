//! Writes an export: data files first, the entry file last.

use std::{
    fs,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cloze_index::{Generation, Manifest};
use cloze_models::ModelSource;
use rayon::prelude::*;

use crate::{
    Error, Result, assets,
    entry::{Entry, FORMAT, Semantic},
    files::DataFile,
    inverted::Inverted,
    metadata, near, overview,
    passages::{self, Page},
    rotation::Rotation,
    table, texts, titles, words,
};

/// What an export wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// Name of the generation.
    pub generation: String,
    /// The folder of the data files.
    pub folder: String,
    /// Number of files.
    pub files: usize,
    /// Their size, in bytes.
    pub bytes: u64,
    /// Why browsers search by words alone, if they do.
    pub words_only: Option<String>,
}

/// Writes the live generation of an index as plain files below `dir`. `model` overrides the model's directory. The data
/// files of the export before stay, because open pages still read them; older ones are deleted.
///
/// # Errors
/// Any fault of the index or the model, and any failure to write, naming the file.
pub fn export(generation: &Generation, model: Option<&ModelSource>, dir: &Path) -> Result<Exported> {
    fs::create_dir_all(dir).map_err(Error::io("create", dir))?;
    let manifest = generation.manifest();
    let pages = passages::pages(generation)?;
    let mut inverted = Inverted::of(&pages);
    inverted.add_compounds(generation.head())?;
    let table = table::open(manifest, model)?;
    let rotation = Rotation::narrow(&table.as_ref().map(table::Table::rows).unwrap_or_default());
    let near = table.is_ok().then(|| near::near(generation, &pages, &rotation));
    let (keys, data) = data_files(&pages, &inverted, near.as_ref());
    let mut out = Out { dir, files: 0, bytes: 0 };
    let (folder, tag) = out.folder('g', &data)?;
    let semantic = match (&table, &near) {
        (Ok(table), Some(near)) => {
            let (folder, tag) = out.folder('t', &table.files(&inverted.words, &rotation)?)?;
            Some(semantic(manifest, &near.mean, folder, tag))
        }
        _ => None,
    };
    out.scripts()?;
    let reason = table.err();
    let before = Entry::read(dir).ok();
    let previous = before.as_ref().filter(|before| before.folder != folder).map(|before| before.folder.clone());
    let previous = previous.or_else(|| before.as_ref().and_then(|before| before.previous.clone()));
    let (generation, created_unix) = (manifest.generation.clone(), manifest.created_unix);
    let languages = manifest.languages.clone();
    let titles = data.iter().filter(|file| file.kind == 'k').count();
    let entry = Entry {
        format: FORMAT,
        folder: folder.clone(),
        tag,
        previous,
        generation: generation.clone(),
        created_unix,
        pages: pages.len(),
        passages: inverted.lengths.len(),
        average_length: inverted.average_length(),
        languages,
        keys,
        titles,
        semantic,
        reason: reason.clone(),
    };
    entry.write(dir)?;
    if let Some(before) = before {
        forget(dir, &before, &entry);
    }
    Ok(Exported { generation, folder, files: out.files, bytes: out.bytes, words_only: reason })
}

/// All data files, and the keys of the metadata.
fn data_files(pages: &[Page], inverted: &Inverted, near: Option<&near::Near>) -> (Vec<String>, Vec<DataFile>) {
    let words = words::word_files(inverted);
    let texts = texts::text_files(pages, near.map_or(&[], |near| &near.codes));
    let (keys, metadata) = metadata::metadata_files(pages);
    let mut all = vec![overview::overview(pages, inverted, &words, &texts.starts)];
    all.extend(words.files);
    all.extend(texts.files);
    all.extend(titles::title_files(pages));
    all.extend(metadata);
    all.extend(near.into_iter().flat_map(|near| near.files.clone()));
    (keys, all)
}

fn semantic(manifest: &Manifest, mean: &[f32], table: String, tag: u32) -> Semantic {
    let largest = mean.iter().fold(f32::MIN_POSITIVE, |most, v| most.max(v.abs()));
    let step = largest / 127.0;
    let bytes: Vec<u8> = mean.iter().map(|v| (v / step).round() as i8 as u8).collect();
    let of_table = manifest.lookup_calibration.clone();
    Semantic {
        table,
        tag,
        dimension: mean.len(),
        mean: STANDARD.encode(bytes),
        mean_step: f64::from(step),
        is_of_table: of_table.is_some(),
        calibration: of_table.unwrap_or_else(|| manifest.calibration.clone()),
        knows_languages: manifest.calibration.known.are_in_known_languages(),
    }
}

/// The target of an export.
struct Out<'d> {
    dir: &'d Path,
    files: usize,
    bytes: u64,
}

impl Out<'_> {
    /// Writes a folder, named by its content; returns its name and the mark of its files. A folder that is there already
    /// is complete, because it gets its name when it is.
    fn folder(&mut self, letter: char, files: &[DataFile]) -> Result<(String, u32)> {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&FORMAT.to_le_bytes());
        for file in files {
            hasher.update(file.name().as_bytes());
            for part in [&file.lead, &file.data, &*file.dictionary] {
                hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
            }
        }
        let hash = hasher.finalize();
        let name = format!("{letter}-{}", &hash.to_hex()[..12]);
        let tag = u32::from_le_bytes([0, 1, 2, 3].map(|i: usize| hash.as_bytes()[i]));
        let path = self.dir.join(&name);
        self.files += files.len();
        if path.is_dir() {
            self.bytes += size(&path);
            return Ok((name, tag));
        }
        let beside = self.dir.join(format!("{name}.{}.part", std::process::id()));
        fs::create_dir_all(&beside).map_err(Error::io("create", &beside))?;
        let sizes = files.par_iter().map(|file| file.write(&beside, tag)).collect::<Result<Vec<u64>>>();
        let sizes = sizes.inspect_err(|_| drop(fs::remove_dir_all(&beside)))?;
        fs::rename(&beside, &path).map_err(Error::io("rename to", &path))?;
        self.bytes += sizes.iter().sum::<u64>();
        Ok((name, tag))
    }

    fn scripts(&mut self) -> Result<()> {
        for (name, text) in [
            ("search.js", assets::module()),
            ("search.d.ts", assets::TYPES.to_owned()),
            ("widget.js", assets::packed(assets::WIDGET)),
        ] {
            let path = self.dir.join(name);
            fs::write(&path, &text).map_err(Error::io("write", &path))?;
            self.files += 1;
            self.bytes += text.len() as u64;
        }
        Ok(())
    }
}

/// The size of the files of a folder.
fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.metadata().ok()).map(|metadata| metadata.len()).sum()
}

/// Deletes the folders that the entry before named and the new one does not. A failure leaves bytes, nothing worse.
fn forget(dir: &Path, before: &Entry, now: &Entry) {
    let folders = |entry: &Entry| -> Vec<String> {
        let table = entry.semantic.as_ref().map(|semantic| semantic.table.clone());
        [Some(entry.folder.clone()), entry.previous.clone(), table].into_iter().flatten().collect()
    };
    let kept = folders(now);
    let is_ours = |name: &String| name.starts_with("g-") && !name.contains(['/', '\\', '.']);
    for name in folders(before).into_iter().filter(is_ours).filter(|name| !kept.contains(name)) {
        let path: PathBuf = dir.join(&name);
        if let Err(error) = fs::remove_dir_all(&path) {
            tracing::warn!(%error, "cannot delete {}", path.display());
        }
    }
}
