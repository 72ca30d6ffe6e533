//! Reading, writing, hashing and syncing files, in one way for all modules of this crate.

use std::{
    fs::{self, File},
    io::{Read, Write},
    path::Path,
};

use memmap2::Mmap;

use crate::{
    Error, Result,
    faults::{self, Operation},
};

pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(Error::io("read", path))
}

pub(crate) fn create_dir_all(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(Error::io("create", path))
}

/// Creates a directory that survives a power cut: the entries that lead to it are durable too.
pub(crate) fn create_dir_durably(path: &Path) -> Result<()> {
    let missing: Vec<&Path> = path.ancestors().take_while(|p| !p.as_os_str().is_empty() && !p.exists()).collect();
    create_dir_all(path)?;
    for made in missing {
        sync(made.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")))?;
    }
    Ok(())
}

/// Creates a file to be written in parts.
pub(crate) fn create(path: &Path) -> Result<File> {
    faults::before(Operation::Write, path).and_then(|()| File::create(path)).map_err(Error::io("create", path))
}

pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    faults::before(Operation::Write, path).and_then(|()| fs::write(path, bytes)).map_err(Error::io("write", path))
}

/// Gives an immutable file a second name, or copies it if the disk has no links.
pub(crate) fn link_or_copy(from: &Path, to: &Path) -> Result<()> {
    if let Some(parent) = to.parent() {
        create_dir_all(parent)?;
    }
    faults::before(Operation::Link, to).map_err(Error::io("link", to))?;
    if faults::has_links() && fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    copy(from, to)?;
    sync(to)
}

/// Writes a file from a stream.
pub(crate) fn write_from(path: &Path, from: &mut impl Read) -> Result<()> {
    let mut file = create(path)?;
    std::io::copy(from, &mut file).map(drop).map_err(Error::io("write", path))
}

pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    faults::before(Operation::Write, to).and_then(|()| fs::copy(from, to)).map(drop).map_err(Error::io("copy to", to))
}

pub(crate) fn remove_dir_all(path: &Path) -> Result<()> {
    faults::before(Operation::Remove, path).and_then(|()| fs::remove_dir_all(path)).map_err(Error::io("remove", path))
}

/// Writes a whole file and makes it durable.
pub(crate) fn write_synced(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = create(path)?;
    file.write_all(bytes).map_err(Error::io("write", path))?;
    faults::before(Operation::Sync, path).and_then(|()| file.sync_all()).map_err(Error::io("sync", path))?;
    faults::after(Operation::Sync, path);
    Ok(())
}

/// Makes a file's content, or a directory's entries, durable.
pub(crate) fn sync(path: &Path) -> Result<()> {
    faults::before(Operation::Sync, path)
        .and_then(|()| File::open(path))
        .and_then(|f| f.sync_all())
        .map_err(Error::io("sync", path))?;
    faults::after(Operation::Sync, path);
    Ok(())
}

/// Makes a file readable for all users, as files are that were not created as temporary files.
pub(crate) fn make_readable(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).map_err(Error::io("set the permissions of", path))
}

pub(crate) fn rename(from: &Path, to: &Path) -> Result<()> {
    faults::before(Operation::Rename { from }, to)
        .and_then(|()| fs::rename(from, to))
        .map_err(Error::io("rename to", to))
}

/// Maps a file that will no longer change. An empty file maps to an empty slice.
pub(crate) fn map(path: &Path) -> Result<Mmap> {
    let file = File::open(path).map_err(Error::io("read", path))?;
    // SAFETY: files of a published generation are never written again; the format assumes that the disk does not
    // truncate a file while a reader maps it.
    unsafe { Mmap::map(&file) }.map_err(Error::io("map", path))
}

/// BLAKE3 in hexadecimal.
pub(crate) fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// Size and BLAKE3 of a file.
pub(crate) fn hash_file(path: &Path) -> Result<(u64, String)> {
    let mut hasher = blake3::Hasher::new();
    let map = map(path)?;
    hasher.update(&map);
    Ok((map.len() as u64, hasher.finalize().to_hex().to_string()))
}

/// Paths of all files below `dir`, relative to it, with `/`, sorted.
pub(crate) fn list(dir: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut open = vec![String::new()];
    while let Some(below) = open.pop() {
        let here = dir.join(&below);
        for entry in fs::read_dir(&here).map_err(Error::io("list", &here))? {
            let entry = entry.map_err(Error::io("list", &here))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if below.is_empty() { name } else { format!("{below}/{name}") };
            if entry.file_type().map_err(Error::io("list", &here))?.is_dir() {
                open.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Reinterprets little-endian bytes as numbers.
macro_rules! cast {
    ($name:ident, $t:ty) => {
        pub(crate) fn $name<'a>(path: &Path, bytes: &'a [u8]) -> Result<&'a [$t]> {
            // SAFETY: every bit pattern is a valid value of the type.
            let (before, values, after) = unsafe { bytes.align_to::<$t>() };
            if before.is_empty() && after.is_empty() {
                Ok(values)
            } else {
                let what = concat!("a whole number of aligned ", stringify!($t), " values");
                Err(Error::damaged(path, format!("{} bytes", bytes.len()), what))
            }
        }
    };
}
cast!(as_u16, u16);
cast!(as_u32, u32);

#[cfg(target_endian = "big")]
compile_error!("index files are little-endian and mapped as they are");
