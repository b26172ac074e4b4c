//! Text with the wildcards of LIKE, which `contains` and its like let through (dataverse-api 2.9).

use super::filter::TextTest;

/// A text with wildcards, in lower case.
#[derive(Clone, Debug)]
pub(crate) struct Pattern(Vec<char>);

impl Pattern {
    pub(super) fn of(text: &str) -> Self {
        Self(text.to_lowercase().chars().collect())
    }

    /// Whether a text contains it, begins or ends with it.
    pub(super) fn found(&self, test: TextTest, text: &str) -> bool {
        let text: Vec<char> = text.to_lowercase().chars().collect();
        let mut starts = match test {
            TextTest::StartsWith => 0..1,
            TextTest::Contains | TextTest::EndsWith => 0..text.len() + 1,
        };
        starts.any(|start| matches(&self.0, &text[start..], test == TextTest::EndsWith))
    }
}

/// Whether the text begins with the pattern, or is all of it: `%` is any text, `_` any character, `[ab]` one of these.
fn matches(pattern: &[char], text: &[char], whole: bool) -> bool {
    let Some(first) = pattern.first() else { return !whole || text.is_empty() };
    match first {
        '%' => (0..=text.len()).any(|skipped| matches(&pattern[1..], &text[skipped..], whole)),
        '_' => !text.is_empty() && matches(&pattern[1..], &text[1..], whole),
        '[' if pattern.contains(&']') => {
            let end = pattern.iter().position(|character| *character == ']').unwrap_or_default();
            text.first().is_some_and(|character| pattern[1..end].contains(character))
                && matches(&pattern[end + 1..], &text[1..], whole)
        }
        _ => text.first() == Some(first) && matches(&pattern[1..], &text[1..], whole),
    }
}
