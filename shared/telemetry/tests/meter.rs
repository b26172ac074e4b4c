//! What the meter counts, and how CloudWatch reads it.

use serde_json::{Value, json};
use telemetry::{FIGURES, Meter};
use tracing_subscriber::layer::SubscriberExt;

fn counted(act: impl FnOnce()) -> Vec<Value> {
    let meter = Meter::default();
    let filter = tracing_subscriber::EnvFilter::new("off");
    let silent = tracing_subscriber::Layer::with_filter(tracing_subscriber::fmt::layer(), filter);
    let subscriber = tracing_subscriber::registry().with(silent).with(meter.layer());
    tracing::subscriber::with_default(subscriber, act);
    let lines = meter.lines("cosell-sync-worker", 1_700_000_000_000);
    assert!(meter.lines("cosell-sync-worker", 0).is_empty(), "what was taken is gone");
    lines
}

#[test]
fn counts_add_up_per_code_even_where_the_log_shows_nothing() {
    let lines = counted(|| {
        tracing::warn!(metric = "parked", code = "throttled", "parked");
        tracing::trace!(metric = "parked", code = %"throttled", amount = 2, "parked");
        tracing::warn!(metric = "parked", code = "consent-expired", "parked");
        tracing::warn!(parked = 1, "an event without a metric");
    });
    let of = |code: &str| lines.iter().find(|line| line["code"] == code).map(|line| line["parked"].clone());
    assert_eq!(lines.len(), 2);
    assert_eq!(of("throttled"), Some(json!(3.0)));
    assert_eq!(of("consent-expired"), Some(json!(1.0)));
}

#[test]
fn a_line_is_the_embedded_metric_format() {
    let lines = counted(|| {
        tracing::info!(metric = "lag_seconds", amount = 1.5, "at rest");
        tracing::info!(metric = "lag_seconds", amount = 0.25, "at rest");
        tracing::info!(metric = "calls", "asked");
    });
    let expected = json!([{
        "_aws": {
            "Timestamp": 1_700_000_000_000_i64,
            "CloudWatchMetrics": [{
                "Namespace": "Cosell",
                "Dimensions": [["function"]],
                "Metrics": [{ "Name": "calls", "Unit": "Count" }, { "Name": "lag_seconds", "Unit": "Seconds" }],
            }],
        },
        "function": "cosell-sync-worker",
        "calls": 1.0,
        "lag_seconds": [1.5, 0.25],
    }]);
    assert_eq!(json!(lines), expected);
}

#[test]
fn a_code_is_a_second_dimension_beside_the_sum() {
    let lines = counted(|| tracing::info!(metric = "failures", code = "solution-missing", "told"));
    let dimensions = &lines[0]["_aws"]["CloudWatchMetrics"][0]["Dimensions"];
    assert_eq!(*dimensions, json!([["function"], ["function", "code"]]));
}

#[test]
fn a_line_holds_at_most_a_hundred_measurements() {
    let lines = counted(|| (0..250).for_each(|_| tracing::info!(metric = "lag_seconds", amount = 1.0, "at rest")));
    assert_eq!(lines[0]["lag_seconds"].as_array().unwrap().len(), 100);
}

#[test]
fn a_figure_that_is_not_in_the_list_is_not_counted() {
    assert!(counted(|| tracing::info!(metric = "parkd", "misspelled")).is_empty());
    let names: std::collections::BTreeSet<_> = FIGURES.iter().map(|figure| figure.name).collect();
    assert_eq!(names.len(), FIGURES.len());
}
