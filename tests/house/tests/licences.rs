//! Every dependency's licence is one that lets a partner use and change the product freely.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use cargo_metadata::MetadataCommand;
use spdx::{Expression, LicenseItem};

/// Permissive licences, by their SPDX ids. A new one is a decision, made here.
const ACCEPTED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "OpenSSL",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

#[test]
fn every_dependency_is_permissively_licensed() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");
    let metadata = MetadataCommand::new().manifest_path(manifest).exec().unwrap();
    let mut refused = Vec::new();
    for package in &metadata.packages {
        let accepted = package.license.as_deref().is_some_and(|license| {
            Expression::parse_mode(license, spdx::ParseMode::LAX).is_ok_and(|expression| {
                expression.evaluate(|requirement| match &requirement.license {
                    LicenseItem::Spdx { id, .. } => ACCEPTED.contains(&id.name),
                    LicenseItem::Other { .. } => false,
                })
            })
        });
        if !accepted {
            refused.push(format!("{} {}: {:?}", package.name, package.version, package.license));
        }
    }
    assert!(refused.is_empty(), "licences that nobody has accepted:\n{}", refused.join("\n"));
}
