//! What a `Prefer` header asks for (dataverse-api 2.3).

use http::HeaderMap;

/// The preferences of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Preferences {
    pub(crate) representation: bool,
    pub(crate) page_size: Option<usize>,
    pub(crate) track_changes: bool,
    pub(crate) continue_on_error: bool,
    pub(crate) annotations: Annotations,
    annotations_text: Option<String>,
}

/// The annotations asked for: names with `*` at the end or alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Annotations(Vec<String>);

pub(crate) const FORMATTED: &str = "OData.Community.Display.V1.FormattedValue";
pub(crate) const LOOKUP_TABLE: &str = "Microsoft.Dynamics.CRM.lookuplogicalname";
pub(crate) const NAVIGATION: &str = "Microsoft.Dynamics.CRM.associatednavigationproperty";
pub(crate) const COUNT_EXCEEDED: &str = "Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded";
pub(crate) const COUNT: &str = "Microsoft.Dynamics.CRM.totalrecordcount";

/// The largest page (2.3).
const PAGE_MOST: usize = 5000;

impl Preferences {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut preferences = Self::default();
        for header in headers.get_all("prefer") {
            for preference in outside_quotes(header.to_str().unwrap_or_default()) {
                preferences.take(preference.trim());
            }
        }
        preferences
    }

    fn take(&mut self, preference: &str) {
        let (name, value) = preference.split_once('=').unwrap_or((preference, ""));
        let value = value.trim().trim_matches('"');
        match name.trim() {
            "return" => self.representation = value == "representation",
            "odata.maxpagesize" | "maxpagesize" => {
                self.page_size = value.parse().ok().filter(|size| *size > 0).map(|size: usize| size.min(PAGE_MOST));
            }
            "odata.track-changes" => self.track_changes = true,
            "odata.continue-on-error" => self.continue_on_error = value != "false",
            "odata.include-annotations" => {
                let names = value.split(',').map(|name| name.trim().to_owned());
                self.annotations = Annotations(names.filter(|name| !name.is_empty()).collect());
                self.annotations_text = Some(preference.to_owned());
            }
            _ => {}
        }
    }

    /// The rows on a page.
    pub(crate) fn rows_on_page(&self) -> usize {
        self.page_size.unwrap_or(PAGE_MOST)
    }

    /// The value of `Preference-Applied` for a read.
    pub(crate) fn applied_to_read(&self, tracking: bool) -> Option<String> {
        let mut applied = Vec::new();
        if tracking {
            applied.push("odata.track-changes".to_owned());
        }
        if let Some(size) = self.page_size {
            applied.push(format!("odata.maxpagesize={size}"));
        }
        applied.extend(self.annotations_text.clone());
        (!applied.is_empty()).then(|| applied.join(","))
    }
}

impl Annotations {
    pub(crate) fn want(&self, annotation: &str) -> bool {
        self.0.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(start) => annotation.starts_with(start),
            None => pattern == annotation,
        })
    }
}

/// Splits at commas outside of quotation marks.
fn outside_quotes(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut quoted) = (Vec::new(), 0, false);
    for (at, character) in text.char_indices() {
        match character {
            '"' => quoted = !quoted,
            ',' if !quoted => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}
