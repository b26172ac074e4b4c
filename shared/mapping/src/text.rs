//! Texts in their one spelling, and cut to what a column takes.

use std::borrow::Cow;

/// The marks that may follow a record's name (design section 5 "Name mark"). They are decoration, not name.
const MARKS: [&str; 2] = [" ✔", " ✖"];

/// One line ending, no space around, no control characters, which Dataverse's XML cannot hold: what both vendors would
/// make of it.
pub(crate) fn plain(text: &str) -> String {
    of_one_line_ending(text).trim().to_owned()
}

fn of_one_line_ending(text: &str) -> String {
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    let is_text = |letter: &char| !letter.is_control() || ['\n', '\t'].contains(letter);
    lines.chars().filter(is_text).collect()
}

/// A text of Partner Center, which escapes what it stores (partner-center-api 3.1 `name`).
pub(crate) fn unescaped(text: &str) -> Cow<'_, str> {
    html_escape::decode_html_entities(text)
}

/// A name in its one spelling, without its marks: each one before a space or the end.
pub(crate) fn plain_name(name: &str) -> String {
    let mut left = without_marks(&of_one_line_ending(name));
    loop {
        let next = without_marks(left.trim());
        if next == left {
            return left;
        }
        left = next;
    }
}

/// The same spelling, but no marks.
pub(crate) fn without_marks(name: &str) -> String {
    let mut left = name.to_owned();
    for mark in MARKS {
        let mut from = 0;
        while let Some(at) = left.get(from..).and_then(|rest| rest.find(mark)).map(|at| at + from) {
            let after = left[at + mark.len()..].chars().next();
            if after.is_none_or(|next| next == ' ') {
                left.replace_range(at..at + mark.len(), "");
                from = 0;
            } else {
                from = at + mark.len();
            }
        }
    }
    left
}

/// The longest beginning of `text` that has at most `units` UTF-16 units, as Dataverse counts, and ends between two
/// characters.
pub(crate) fn cut(text: &str, units: u32) -> &str {
    let mut left = usize::try_from(units).unwrap_or(usize::MAX);
    for (at, character) in text.char_indices() {
        match left.checked_sub(character.len_utf16()) {
            Some(rest) => left = rest,
            None => return &text[..at],
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn marks_come_off_before_a_space_and_at_the_end_only() {
        assert_eq!(without_marks("Fabrikam ✔"), "Fabrikam");
        assert_eq!(without_marks("Fabrikam ✔ ✖ ✔"), "Fabrikam");
        assert_eq!(without_marks("Fabrikam ✖ renewal"), "Fabrikam renewal");
        assert_eq!(without_marks("Fabrikam ✔ed"), "Fabrikam ✔ed");
        assert_eq!(without_marks("✔"), "✔");
    }

    #[test]
    fn a_character_of_two_units_is_not_cut_in_half() {
        assert_eq!(cut("ab😀", 3), "ab");
        assert_eq!(cut("ab😀", 4), "ab😀");
    }

    proptest! {
        #[test]
        fn a_cut_is_the_longest_beginning_that_fits(text in any::<String>(), units in 0u32..40) {
            let short = cut(&text, units);
            prop_assert!(text.starts_with(short));
            prop_assert!(short.encode_utf16().count() <= units as usize);
            if let Some(next) = text[short.len()..].chars().next() {
                prop_assert!(short.encode_utf16().count() + next.len_utf16() > units as usize);
            }
        }

        #[test]
        fn taking_marks_off_twice_is_taking_them_off_once(text in "[a ✔✖]{0,12}") {
            let once = without_marks(&text);
            prop_assert_eq!(without_marks(&once), once);
        }
    }
}
