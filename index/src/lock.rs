//! The one writer of an index directory.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Seek, Write},
    time::{SystemTime, UNIX_EPOCH},
};

use crate::{Error, Result, date, layout::Layout};

/// A writer holds it while it writes an index. The operating system releases it when the process ends for any reason;
/// the file itself stays.
#[derive(Debug)]
pub(crate) struct WriterLock {
    _file: File,
}

impl WriterLock {
    /// Takes the lock, or returns an error that names its holder.
    pub(crate) fn take(layout: &Layout) -> Result<Self> {
        let path = layout.writer_lock();
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(Error::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                file.read_to_string(&mut holder).ok();
                return Err(Error::Locked { dir: layout.root().to_owned(), holder: holder.trim().to_owned() });
            }
            Err(TryLockError::Error(cause)) => return Err(Error::io("lock", &path)(cause)),
        }
        let started = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "process {} since {}", std::process::id(), date::utc(started)))
            .map_err(Error::io("write", &path))?;
        Ok(Self { _file: file })
    }
}
