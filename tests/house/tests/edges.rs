//! Which room may know which. An arrow that is not in this table is a question to answer in review.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// Each room of the product, and the rooms that it may depend on. Arrows point inward: functions, cli -> engine ->
/// translate -> decide. A room whose name ends in `*` is every package of that folder.
#[rustfmt::skip]
const ROOMS: &[(&str, &str)] = &[
    // decide
    ("sync-core",      ""),
    // translate
    ("mapping",        "sync-core"),
    ("catalogue",      ""),
    ("mapping-kit",    "mapping sync-core"),
    ("settings",       "mapping"),
    // touch the world
    ("discretion",     ""),
    ("telemetry",      ""),
    ("throttle",       ""),
    ("partner-center", "discretion throttle"),
    ("dataverse",      "discretion throttle"),
    ("queue",          ""),
    ("store",          "sync-core"),
    ("doors",          "dataverse partner-center queue"),
    ("engine",         "dataverse mapping partner-center queue settings store sync-core"),
    // put together
    ("stage",          "dataverse doors engine partner-center queue settings store telemetry"),
    ("functions/*",    "doors engine queue stage telemetry"),
    ("cosell",         "catalogue dataverse doors engine mapping mapping-kit partner-center queue settings simulators store sync-core telemetry"),
    // the vendors' side: knows nothing of ours
    ("simulators",     ""),
    // prove
    ("bench",          "simulators"),
    ("e2e",            "simulators stage store telemetry"),
    ("house",          ""),
];

fn metadata() -> Metadata {
    MetadataCommand::new().manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml")).exec().unwrap()
}

/// The row of the table that speaks of a package.
fn row(package: &Package) -> Option<(&'static str, Vec<&'static str>)> {
    let folder = package.manifest_path.parent()?.parent()?.file_name()?;
    let is_its = |room: &str| room == package.name.as_str() || room.strip_suffix("/*") == Some(folder);
    let (room, may) = ROOMS.iter().find(|(room, _)| is_its(room))?;
    Some((room, may.split_whitespace().collect()))
}

fn arrows(package: &Package) -> impl Iterator<Item = &str> {
    let normal = package.dependencies.iter().filter(|arrow| arrow.kind == DependencyKind::Normal);
    normal.map(|arrow| arrow.name.as_str())
}

#[test]
fn every_arrow_between_rooms_is_in_the_table() {
    let metadata = metadata();
    let packages = metadata.workspace_packages();
    let is_room = |name: &&str| packages.iter().any(|package| package.name.as_str() == *name);
    for package in &packages {
        let room = &package.name;
        let (_, may) = row(package).unwrap_or_else(|| panic!("{room} is not in the table of rooms"));
        for known in arrows(package).filter(is_room) {
            assert!(may.contains(&known), "{room} must not know {known}");
        }
    }
}

#[test]
fn the_table_names_no_room_that_is_gone() {
    let metadata = metadata();
    let rows: Vec<&str> = metadata.workspace_packages().into_iter().filter_map(row).map(|(room, _)| room).collect();
    for (room, _) in ROOMS.iter().filter(|(room, _)| !room.ends_with("/*")) {
        assert!(rows.contains(room), "{room} is in the table, but not in the house");
    }
}

#[test]
fn the_core_depends_on_nothing_at_all() {
    let metadata = metadata();
    let core = metadata.workspace_packages().into_iter().find(|package| package.name.as_str() == "sync-core").unwrap();
    let known: Vec<_> = arrows(core).collect();
    assert!(known.is_empty(), "sync-core is pure: {known:?}");
}

#[test]
fn no_room_is_named_for_saying_nothing() {
    for package in metadata().workspace_packages() {
        let name = package.name.as_str();
        assert!(!["common", "utils", "util", "helpers", "misc", "shared", "types"].contains(&name), "{name}");
    }
}
