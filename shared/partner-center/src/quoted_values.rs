//! Takes quoted values out of Partner Center's words: they may be what a person typed, a name for example.
//!
//! What names a member stays, since it tells what to fix: a JSON pointer, a camelCase name, a GUID. E-mail addresses and
//! telephone numbers outside quotes are `discretion`'s concern.

use uuid::Uuid;

/// What stands for a value.
const VALUE: &str = "[value]";

/// The opening marks and what closes each.
const QUOTES: &[(char, char)] = &[('\'', '\''), ('"', '"'), ('`', '`'), ('“', '”'), ('‘', '’'), ('«', '»')];

/// The text without quoted values. A quotation that does not end (the text was cut) goes to the end.
pub(crate) fn without_quoted_values(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut kept = String::with_capacity(text.len());
    let mut position = 0;
    while position < letters.len() {
        let letter = letters[position];
        kept.push(letter);
        position += 1;
        if let Some(close) = closing_mark(&letters, position - 1) {
            let length = quotation_length(&letters[position..], close);
            let quoted: String = letters[position..position + length].iter().collect();
            kept.push_str(if names_a_member(&quoted) { &quoted } else { VALUE });
            position += length;
            if position < letters.len() {
                kept.push(close);
                position += 1;
            }
        }
    }
    kept
}

/// What ends the quotation that starts at `at`, if one does: an apostrophe within a word is none.
fn closing_mark(letters: &[char], at: usize) -> Option<char> {
    let (_, close) = QUOTES.iter().find(|(open, _)| *open == letters[at])?;
    let within_a_word = at > 0 && letters[at - 1].is_alphanumeric();
    let ends_here = at + 1 == letters.len();
    (!within_a_word && !ends_here).then_some(*close)
}

/// How many letters come before the mark that closes: one that is followed by no letter, as `O'Neil` has none.
fn quotation_length(letters: &[char], close: char) -> usize {
    let closes = |at: &usize| {
        let followed_by = letters.get(at + 1);
        letters[*at] == close && followed_by.is_none_or(|letter| !letter.is_alphanumeric())
    };
    (0..letters.len()).find(closes).unwrap_or(letters.len())
}

fn names_a_member(quoted: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.$@[]".contains(&byte);
    let is_path = quoted.starts_with('/') && quoted.bytes().all(plain);
    let is_camel_case = quoted.starts_with(|first: char| first.is_ascii_lowercase())
        && quoted.contains(|letter: char| letter.is_ascii_uppercase())
        && quoted.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_path || is_camel_case || Uuid::try_parse(quoted).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_typed_goes_and_what_names_a_member_stays() {
        let cases = [
            ("Solution ID is required", "Solution ID is required"),
            ("The value 'Ada Lovelace' is too long.", "The value '[value]' is too long."),
            ("The value 'O'Neil' isn't valid, nor 'Ada'.", "The value '[value]' isn't valid, nor '[value]'."),
            ("doesn't fit the customer's 'Ada' plan", "doesn't fit the customer's '[value]' plan"),
            (
                r#"Invalid "ada" at "/customerProfile/team/0/firstName""#,
                r#"Invalid "[value]" at "/customerProfile/team/0/firstName""#,
            ),
            ("`dealValue` of ‘Ada’, “Ada” and «Ada»", "`dealValue` of ‘[value]’, “[value]” and «[value]»"),
            ("'/team/Ada Lovelace'", "'[value]'"),
            ("no 'Ada Lovel", "no '[value]"),
            ("no ''", "no '[value]'"),
            ("dangling '", "dangling '"),
            (
                "referral '11111111-aaaa-4bbb-8ccc-000000000001' is closed",
                "referral '11111111-aaaa-4bbb-8ccc-000000000001' is closed",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(without_quoted_values(text), expected, "{text}");
        }
    }
}
