//! A file is one thought, read from top to bottom.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::{Path, PathBuf};

/// Most files have 50 to 250 lines. One that is longer than this is several files.
const LINES_MAX: usize = 500;

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_ours = !name.starts_with('.') && !["target", "node_modules"].contains(&name.as_str());
        if path.is_dir() && is_ours {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn every_rust_file() -> Vec<PathBuf> {
    let mut found = Vec::new();
    rust_files(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")), &mut found);
    assert!(found.len() > 100, "only {} files found", found.len());
    found
}

#[test]
fn no_file_is_too_long_to_be_read() {
    for path in every_rust_file() {
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines <= LINES_MAX, "{} has {lines} lines", path.display());
    }
}

#[test]
fn every_file_says_first_what_it_is_for() {
    // A `tests.rs` beside the file that it tests needs no head of its own.
    for path in every_rust_file().into_iter().filter(|path| !path.ends_with("tests.rs")) {
        let text = fs::read_to_string(&path).unwrap();
        let says = text.starts_with("//!") || text.starts_with("#![doc = include_str!(");
        assert!(says, "{} does not begin with //!", path.display());
    }
}
