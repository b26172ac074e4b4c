//! Reads cosell.toml and the secrets beside it, and reports every problem at once.
