//! The directory that a generation is made in.

use std::path::{Path, PathBuf};

use crate::{
    Result, faults, files,
    layout::{self, Layout},
};

/// A staging directory; removed on drop unless its generation was published.
pub(crate) struct Staging {
    path: PathBuf,
    published: bool,
}

impl Staging {
    /// Makes one; `what` tells several of one process apart.
    pub(crate) fn create(layout: &Layout, what: &str) -> Result<Self> {
        let name = format!("{}{}{what}", layout::STAGING_PREFIX, std::process::id());
        let path = layout.generations().join(name);
        files::create_dir_all(&path)?;
        Ok(Self { path, published: false })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// It has another name now; there is nothing to remove.
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
