#![doc = include_str!("../README.md")]

pub mod dataverse;
pub mod harness;
pub mod partner_center;
pub mod staging;
