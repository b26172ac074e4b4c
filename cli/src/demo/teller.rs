//! Tells the story on stdout, and remembers what did not come true.

use std::io::Write;
use std::time::Duration;

use anyhow::Result;

/// One change and what it took to arrive.
pub(crate) struct Arrival {
    pub(crate) what: &'static str,
    pub(crate) latency: Duration,
    pub(crate) reads: usize,
    pub(crate) writes: usize,
}

/// The narrator.
#[derive(Default)]
pub(crate) struct Teller {
    scene: usize,
    failed: usize,
    pub(crate) held: usize,
    pub(crate) arrivals: Vec<Arrival>,
}

impl Teller {
    pub(crate) fn say(&mut self, text: &str) -> Result<()> {
        writeln!(std::io::stdout().lock(), "{text}")?;
        Ok(())
    }

    pub(crate) fn scene(&mut self, title: &str) -> Result<()> {
        self.scene += 1;
        writeln!(std::io::stdout().lock(), "\n{}. {title}", self.scene)?;
        Ok(())
    }

    pub(crate) fn act(&mut self, who: &str, what: &str) -> Result<()> {
        writeln!(std::io::stdout().lock(), "   {who:<15} {what}")?;
        Ok(())
    }

    /// Notes an expectation: told either way, counted if it did not hold.
    pub(crate) fn expect(&mut self, what: &str, held: bool) -> Result<()> {
        if held {
            self.held += 1;
        } else {
            self.failed += 1;
        }
        let mark = if held { "✓" } else { "✗" };
        writeln!(std::io::stdout().lock(), "   {mark} {what}")?;
        Ok(())
    }

    pub(crate) fn failed(&self) -> usize {
        self.failed
    }
}
