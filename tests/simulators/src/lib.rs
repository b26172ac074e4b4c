#![doc = include_str!("../README.md")]

pub mod harness;
pub mod partner_center;

pub mod dataverse;
