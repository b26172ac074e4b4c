//! The README shows the rows that are built in.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;

const MARKER: &str = "<!-- rows: made by `mapping`, checked by its tests -->";

#[test]
fn the_readme_shows_every_built_in_row() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md")).unwrap();
    let (_, after) = readme.split_once(MARKER).unwrap();
    let shown: Vec<&str> = after.trim_start().lines().take_while(|line| line.starts_with('|')).collect();
    let expected = mapping::built_in_table();
    assert!(shown.join("\n") == expected, "below the marker, README.md must say:\n\n{expected}\n");
}
