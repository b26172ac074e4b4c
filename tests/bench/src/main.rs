//! Measures a running `cosell serve`.
fn main() {}
