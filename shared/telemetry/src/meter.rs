//! Figures for dashboards and alarms, read off the log events that are written anyway.
//!
//! An event with a field `metric` counts, at any level and whatever `RUST_LOG` shows:
//! ```text
//! tracing::warn!(metric = "parked", code = "throttled", link = %id, "parked");      // one more
//! tracing::debug!(metric = "lag_seconds", amount = 1.7, "brought to rest");         // a measurement
//! ```
//! `metric` names one of [`FIGURES`], `amount` is 1 without being said, and `code` splits the figure. [`Meter::lines`]
//! gives what came together since the last call, as lines of CloudWatch's embedded metric format; nothing is sent, and
//! where nobody asks nothing is kept but sums.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// The CloudWatch namespace of all figures.
pub const NAMESPACE: &str = "Cosell";
/// The dimension that every figure has: which function of which stage.
const DIMENSION: &str = "function";
/// Measurements that one line may carry for one figure, by the format's definition.
const VALUES_MAX: usize = 100;

/// What a figure is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// How many: added up.
    Count,
    /// How long: each measurement is kept.
    Seconds,
    /// CloudWatch knows no days: a number without a unit, each measurement kept.
    Days,
}

/// One figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figure {
    /// As in the field `metric`, and in CloudWatch.
    pub name: &'static str,
    /// What it is counted in.
    pub unit: Unit,
    /// What it tells.
    pub tells: &'static str,
}

const fn figure(name: &'static str, unit: Unit, tells: &'static str) -> Figure {
    Figure { name, unit, tells }
}

/// The closed list of figures. A dashboard or an alarm that names another one is a mistake, and a test says so.
pub const FIGURES: &[Figure] = &[
    figure("events", Unit::Count, "events that a door took, by what became of them"),
    figure("refused", Unit::Count, "requests that a door refused, by status"),
    figure("uninteresting", Unit::Count, "events of a kind, table or name that is not synced"),
    figure("polled", Unit::Count, "feeds read to their end, by side"),
    figure("hints", Unit::Count, "hints that the reconciler queued"),
    figure("worked", Unit::Count, "hints that were worked, by what became of them"),
    figure("lag_seconds", Unit::Seconds, "from the moment a hint was seen to its link at rest"),
    figure("calls", Unit::Count, "requests sent to a vendor, by vendor"),
    figure("parked", Unit::Count, "links that wait, by why"),
    figure("quarantined", Unit::Count, "links or messages that need a person, by why"),
    figure("conflicts", Unit::Count, "edits that lost against an edit of the same field"),
    figure("failures", Unit::Count, "sellers who were told of a problem, by its code"),
    figure("handed_back", Unit::Count, "messages that could not be worked and come again"),
    figure("poison", Unit::Count, "messages that nobody could read"),
    figure("token_age_days", Unit::Days, "age of the refresh token that is in use"),
];

/// Counts. Cheap to clone: copies count together.
#[derive(Debug, Clone, Default)]
pub struct Meter {
    readings: Arc<Mutex<Readings>>,
}

/// By `code`, then by figure.
type Readings = BTreeMap<Option<String>, BTreeMap<&'static str, Reading>>;

#[derive(Debug)]
struct Reading {
    unit: Unit,
    values: Vec<f64>,
}

impl Meter {
    /// The layer that listens to events.
    pub fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(&self) -> impl Layer<S> + use<S> {
        Listener { meter: self.clone() }.with_filter(filter_fn(counts))
    }

    /// Writes what came together to stdout, which Lambda hands to CloudWatch. `function` becomes the dimension.
    pub fn flush(&self, function: &str) {
        let mut out = std::io::stdout().lock();
        for line in self.lines(function, jiff::Timestamp::now().as_millisecond()) {
            // Nothing can be done about a closed stdout, and no sync may fail for it.
            let _ = writeln!(out, "{line}");
        }
    }

    /// What came together since the last call, one line of the embedded metric format per code.
    pub fn lines(&self, function: &str, at_millis: i64) -> Vec<Value> {
        let readings = std::mem::take(&mut *self.readings.lock().unwrap_or_else(PoisonError::into_inner));
        readings.into_iter().flat_map(|(code, figures)| lines_of(code, figures, function, at_millis)).collect()
    }

    fn read(&self, figure: &'static Figure, code: Option<String>, amount: f64) {
        let mut readings = self.readings.lock().unwrap_or_else(PoisonError::into_inner);
        let reading = readings.entry(code).or_default().entry(figure.name);
        let reading = reading.or_insert_with(|| Reading { unit: figure.unit, values: Vec::new() });
        match figure.unit {
            Unit::Count => reading.values = vec![reading.values.first().unwrap_or(&0.0) + amount],
            // More measurements in one invocation than a line holds tell nothing new.
            Unit::Seconds | Unit::Days if reading.values.len() == VALUES_MAX => {}
            Unit::Seconds | Unit::Days => reading.values.push(amount),
        }
    }
}

fn lines_of(
    code: Option<String>,
    figures: BTreeMap<&'static str, Reading>,
    function: &str,
    at_millis: i64,
) -> Option<Value> {
    let unit = |unit| match unit {
        Unit::Count => "Count",
        Unit::Seconds => "Seconds",
        Unit::Days => "None",
    };
    let metrics: Vec<Value> =
        figures.iter().map(|(name, reading)| json!({ "Name": name, "Unit": unit(reading.unit) })).collect();
    let mut dimensions = vec![json!([DIMENSION])];
    if code.is_some() {
        dimensions.push(json!([DIMENSION, "code"]));
    }
    let mut line = Map::new();
    let directive = json!({ "Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": metrics });
    line.insert("_aws".to_owned(), json!({ "Timestamp": at_millis, "CloudWatchMetrics": [directive] }));
    line.insert(DIMENSION.to_owned(), json!(function));
    line.extend(code.map(|code| ("code".to_owned(), json!(code))));
    for (name, reading) in &figures {
        let values = match reading.values.as_slice() {
            [one] => json!(one),
            many => json!(many),
        };
        line.insert((*name).to_owned(), values);
    }
    (!figures.is_empty()).then_some(Value::Object(line))
}

fn counts(metadata: &Metadata<'_>) -> bool {
    metadata.is_event() && metadata.fields().field("metric").is_some()
}

struct Listener {
    meter: Meter,
}

impl<S: Subscriber> Layer<S> for Listener {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut said = Said { amount: 1.0, ..Said::default() };
        event.record(&mut said);
        let figure = said.metric.and_then(|name| FIGURES.iter().find(|figure| figure.name == name));
        if let Some(figure) = figure {
            self.meter.read(figure, said.code, said.amount);
        }
    }
}

/// What an event says to the meter.
#[derive(Default)]
struct Said {
    metric: Option<String>,
    code: Option<String>,
    amount: f64,
}

impl Said {
    fn number(&mut self, field: &Field, value: f64) {
        if field.name() == "amount" {
            self.amount = value;
        }
    }
}

impl Visit for Said {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "metric" => self.metric = Some(value.to_owned()),
            "code" => self.code = Some(value.to_owned()),
            _ => {}
        }
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.number(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.number(field, value as f64);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.number(field, value as f64);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if ["metric", "code"].contains(&field.name()) {
            self.record_str(field, &format!("{value:?}"));
        }
    }
}
