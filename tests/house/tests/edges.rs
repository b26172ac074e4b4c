//! Which room may know which. An arrow that is not in this table is a question to answer in review.

use std::collections::BTreeMap;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

/// The rooms of the product and what each may depend on among them. Arrows point inward: cli, doors -> engine ->
/// translate -> decide.
const EDGES: &[(&str, &[&str])] = &[
    // decide
    ("sync-core", &[]),
    // translate
    ("mapping", &["sync-core"]),
    ("catalogue", &[]),
    ("settings", &["mapping"]),
    // touch the world
    ("throttle", &[]),
    ("discretion", &[]),
    ("telemetry", &[]),
    ("partner-center", &["discretion", "throttle"]),
    ("dataverse", &["discretion", "throttle"]),
    ("queue", &[]),
    ("store", &["sync-core"]),
    ("engine", &["dataverse", "mapping", "partner-center", "queue", "settings", "store", "sync-core"]),
    ("doors", &["dataverse", "partner-center", "queue"]),
    (
        "cosell",
        &[
            "catalogue",
            "dataverse",
            "doors",
            "engine",
            "mapping",
            "partner-center",
            "queue",
            "settings",
            "simulators",
            "store",
            "sync-core",
            "telemetry",
        ],
    ),
    // The vendors' side: knows nothing of ours.
    ("simulators", &[]),
    ("bench", &["simulators"]),
    ("house", &[]),
];

fn metadata() -> Metadata {
    MetadataCommand::new().manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml")).exec().unwrap()
}

#[test]
fn every_arrow_between_rooms_is_in_the_table() {
    let metadata = metadata();
    let allowed: BTreeMap<_, _> = EDGES.iter().copied().collect();
    let rooms: Vec<String> = metadata.workspace_packages().iter().map(|package| package.name.to_string()).collect();
    for package in metadata.workspace_packages() {
        let room = package.name.to_string();
        let may = allowed.get(room.as_str()).unwrap_or_else(|| panic!("{room} is not in the table of rooms"));
        let arrows = package.dependencies.iter().filter(|arrow| arrow.kind == DependencyKind::Normal);
        for arrow in arrows.filter(|arrow| rooms.contains(&arrow.name)) {
            assert!(may.contains(&arrow.name.as_str()), "{room} must not know {}", arrow.name);
        }
    }
}

#[test]
fn the_core_depends_on_nothing_at_all() {
    let metadata = metadata();
    let core = metadata.workspace_packages().into_iter().find(|package| package.name.as_str() == "sync-core").unwrap();
    let normal: Vec<_> = core.dependencies.iter().filter(|arrow| arrow.kind == DependencyKind::Normal).collect();
    assert!(normal.is_empty(), "sync-core is pure: {normal:?}");
}

#[test]
fn no_room_is_named_for_saying_nothing() {
    for package in metadata().workspace_packages() {
        let name = package.name.as_str();
        assert!(!["common", "utils", "util", "helpers", "misc", "shared", "types"].contains(&name), "{name}");
    }
}
