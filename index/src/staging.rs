//! The directory of an unfinished generation.

use std::path::{Path, PathBuf};

use crate::{
    Result, faults, files,
    layout::{self, Layout},
};

/// A staging directory; drop removes it unless its generation was published.
pub(crate) struct Staging {
    path: PathBuf,
    published: bool,
}

impl Staging {
    /// Creates one; `what` distinguishes several of one process.
    pub(crate) fn create(layout: &Layout, what: &str) -> Result<Self> {
        let name = format!("{}{}{what}", layout::STAGING_PREFIX, std::process::id());
        let path = layout.generations().join(name);
        files::create_dir_all(&path)?;
        Ok(Self { path, published: false })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Records that the directory has another name now, so drop removes nothing.
    pub(crate) fn published(&mut self) {
        self.published = true;
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if !self.published && !faults::is_down() {
            std::fs::remove_dir_all(&self.path).ok();
        }
    }
}
