//! Partner Center.
