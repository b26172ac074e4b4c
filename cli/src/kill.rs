//! Dying on purpose at a named point, so that tests see what `kill -9` leaves behind.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use engine::Point;

/// A point, and how often it is passed before the process dies there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KillAt {
    point: Point,
    pass: u32,
}

impl KillAt {
    /// From `POINT:N`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (name, pass) = text.split_once(':').unwrap_or((text, "1"));
        let names = || Point::ALL.map(Point::name).join(", ");
        let point = Point::named(name).ok_or_else(|| format!("no point is called {name}; there are {}", names()))?;
        let pass = pass.parse().map_err(|_| format!("{pass} is no count"))?;
        Ok(Self { point, pass })
    }

    /// A hook that kills this process, as `kill -9` does, when the point is reached for the n-th time.
    pub(crate) fn hook(self) -> impl Fn(Point) + Send + Sync + 'static {
        let reached = AtomicU32::new(0);
        move |point| {
            if point == self.point && reached.fetch_add(1, Ordering::SeqCst) + 1 == self.pass {
                tracing::warn!(point = point.name(), "killed on request");
                // Nothing after this line runs, no destructor either.
                let _ = Command::new("kill").args(["-9", &std::process::id().to_string()]).status();
                std::process::abort();
            }
        }
    }
}
