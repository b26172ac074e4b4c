//! One `serve` per data folder.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use anyhow::{Context, Result};

/// Held for as long as the service runs; the system lets go of it when the process dies.
pub(crate) struct ServeLock {
    _file: File,
}

/// Takes the lock of a data folder. `None` when another `serve` holds it.
pub(crate) fn try_lock(data: &Path) -> Result<Option<ServeLock>> {
    std::fs::create_dir_all(data).with_context(|| format!("the data folder {} cannot be made", data.display()))?;
    let path = data.join("serve.lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .with_context(|| format!("{} cannot be written: choose another folder with --data", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(ServeLock { _file: file })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error).context("the lock file of the data folder cannot be locked"),
    }
}
