//! What can go wrong with a request, and which requests it befalls.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One way to fail. In JSON tagged by `kind`: `{"kind": "answer", "status": 503}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fault {
    /// Answered at once; the simulator never sees the request.
    Answer {
        /// HTTP status.
        status: u16,
        /// Header names and values, such as `Retry-After`.
        #[serde(default)]
        headers: BTreeMap<String, String>,
        /// JSON body; null sends none.
        #[serde(default)]
        body: Value,
    },
    /// The request is carried out, then its answer is replaced.
    AnswerAfterCommit {
        /// HTTP status.
        status: u16,
        /// JSON body; null sends none.
        #[serde(default)]
        body: Value,
    },
    /// The connection closes with no answer; the simulator never sees the request.
    CutBefore,
    /// The request is carried out, then the connection closes with no answer.
    CutAfterCommit,
    /// The request waits, then is carried out, even when its caller has gone by then.
    Delay {
        /// How long it waits.
        milliseconds: u64,
    },
}

impl Fault {
    /// An answer with this status and no body.
    pub fn status(status: u16) -> Self {
        Self::Answer { status, headers: BTreeMap::new(), body: Value::Null }
    }

    /// A 429 with this `Retry-After`, in seconds or in whatever form the caller wants to see.
    pub fn too_many_requests(retry_after: &str) -> Self {
        let headers = BTreeMap::from([("Retry-After".to_owned(), retry_after.to_owned())]);
        Self::Answer { status: 429, headers, body: Value::Null }
    }

    /// The name of the fault as the log prints it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Answer { .. } => "answer",
            Self::AnswerAfterCommit { .. } => "answer_after_commit",
            Self::CutBefore => "cut_before",
            Self::CutAfterCommit => "cut_after_commit",
            Self::Delay { .. } => "delay",
        }
    }
}

/// Which requests a fault befalls. Rules are tried in the order they were added; the first that fits is used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaultRule {
    /// HTTP method, upper case; none fits every method.
    #[serde(default)]
    pub method: Option<String>,
    /// Part of the path and query; none fits every path.
    #[serde(default)]
    pub path_contains: Option<String>,
    /// How often it strikes; none is always.
    #[serde(default)]
    pub times: Option<u32>,
    /// How many fitting requests go unharmed first.
    #[serde(default)]
    pub skip: u32,
    /// What happens.
    pub fault: Fault,
}

impl FaultRule {
    /// Every request, always.
    pub fn always(fault: Fault) -> Self {
        Self { method: None, path_contains: None, times: None, skip: 0, fault }
    }

    /// The next request with this method and this part in its path, once.
    pub fn once(method: &str, path_contains: &str, fault: Fault) -> Self {
        let (method, path_contains) = (Some(method.to_owned()), Some(path_contains.to_owned()));
        Self { method, path_contains, times: Some(1), skip: 0, fault }
    }

    /// The same rule, striking this many times.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// The same rule, leaving this many fitting requests unharmed first.
    #[must_use]
    pub fn skip(mut self, skip: u32) -> Self {
        self.skip = skip;
        self
    }

    fn fits(&self, method: &str, path_and_query: &str) -> bool {
        self.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && self.path_contains.as_deref().is_none_or(|part| path_and_query.contains(part))
    }

    /// Uses the rule up by one request that fits.
    fn strikes(&mut self) -> bool {
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        match &mut self.times {
            None => true,
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
        }
    }
}

/// The fault that befalls a request, if any; uses up the rule.
pub(super) fn take(rules: &mut [FaultRule], method: &str, path_and_query: &str) -> Option<Fault> {
    let mut fitting = rules.iter_mut().filter(|rule| rule.fits(method, path_and_query));
    fitting.find_map(|rule| rule.strikes().then(|| rule.fault.clone()))
}
