//! Takes e-mail addresses and telephone numbers out of a vendor's text, and cuts it.
//!
//! Texts of Dataverse and of plug-ins end in logs, history and the console; they sometimes quote what was sent.
//! GUIDs, dates, error codes and choice values stay, since they help to find the fault. Names cannot be told.

use uuid::Uuid;

/// The longest text that is passed on, in characters.
const LONGEST: usize = 300;

/// The text in one line, without e-mail addresses and telephone numbers, at most 300 characters.
#[must_use]
pub fn without_contact_data(text: &str) -> String {
    let one_line: String = text
        .chars()
        .take(20 * LONGEST)
        .map(|letter| if letter.is_whitespace() || letter.is_control() { ' ' } else { letter })
        .collect();
    let clean = without_numbers(&without_addresses(one_line.trim()));
    match clean.char_indices().nth(LONGEST) {
        None => clean,
        Some((end, _)) => format!("{}…", clean[..end].trim_end()),
    }
}

fn without_addresses(text: &str) -> String {
    let letters: Vec<char> = text.replace("%40", "@").chars().collect();
    let mut kept: Vec<char> = Vec::with_capacity(letters.len());
    let mut position = 0;
    while position < letters.len() {
        if let Some((local, domain)) = address_around(&kept, &letters[position..]) {
            kept.truncate(kept.len() - local);
            kept.extend("[e-mail]".chars());
            position += 1 + domain;
        } else {
            kept.push(letters[position]);
            position += 1;
        }
    }
    kept.into_iter().collect()
}

/// How many letters before and after the `@` at the start of `rest` belong to an address, if it is one.
fn address_around(before: &[char], rest: &[char]) -> Option<(usize, usize)> {
    let (at, after) = rest.split_first()?;
    if *at != '@' {
        return None;
    }
    let local = before.iter().rev().take_while(|letter| is_local(**letter)).count();
    let domain: String = after.iter().take_while(|letter| is_domain(**letter)).collect();
    let is_address = local > 0 && !domain.is_empty() && !is_annotation(&domain);
    is_address.then(|| (local, domain.chars().count()))
}

fn is_local(letter: char) -> bool {
    letter.is_alphanumeric() || "._%+-!#$&*/=?^`{|}~".contains(letter)
}

fn is_domain(letter: char) -> bool {
    letter.is_alphanumeric() || ".-".contains(letter)
}

/// `customerid_account@odata.bind` is a property, not a person.
fn is_annotation(domain: &str) -> bool {
    let domain = domain.to_ascii_lowercase();
    ["odata.", "microsoft.dynamics.crm.", "microsoft.powerapps."].iter().any(|prefix| domain.starts_with(prefix))
}

fn without_numbers(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut kept = String::with_capacity(text.len());
    let mut position = 0;
    let mut inside_a_word = false;
    while position < letters.len() {
        let rest = &letters[position..];
        let letter = rest[0];
        let harmless = if inside_a_word { 0 } else { harmless_length(rest) };
        let number = if inside_a_word || harmless > 0 { 0 } else { number_length(rest) };
        if number > 0 {
            kept.push_str("[number]");
            position += number;
        } else {
            let length = harmless.max(1);
            kept.extend(&rest[..length]);
            position += length;
        }
        inside_a_word = number == 0 && harmless == 0 && letter.is_alphanumeric();
    }
    kept
}

/// How much of the start is a GUID, a date or a choice value (72700xxxx is ours, 100000xxx Microsoft's).
fn harmless_length(rest: &[char]) -> usize {
    let guid: String = rest.iter().take(36).collect();
    if guid.len() == 36 && Uuid::try_parse(&guid).is_ok() {
        return 36;
    }
    let shape: String =
        rest.iter().take(10).map(|letter| if letter.is_ascii_digit() { '0' } else { *letter }).collect();
    let digit_follows = |length: usize| rest.get(length).is_some_and(char::is_ascii_digit);
    if shape == "0000-00-00" && !digit_follows(10) {
        return 10;
    }
    let choice: String = rest.iter().take(9).collect();
    let is_choice = choice.starts_with("72700") || choice.starts_with("100000");
    if is_choice && choice.len() == 9 && choice.bytes().all(|byte| byte.is_ascii_digit()) && !digit_follows(9) {
        return 9;
    }
    0
}

/// How much of the start is a telephone number: at least seven digits, with the usual separators.
fn number_length(rest: &[char]) -> usize {
    if !(rest[0].is_ascii_digit() || rest[0] == '+' || rest[0] == '(') {
        return 0;
    }
    let span = rest.iter().take_while(|letter| letter.is_ascii_digit() || " ()+-./‐‑–".contains(**letter)).count();
    let digits = rest[..span].iter().filter(|letter| letter.is_ascii_digit()).count();
    if digits < 7 {
        return 0;
    }
    rest[..span].iter().rposition(char::is_ascii_digit).map_or(0, |last| last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_go_and_evidence_stays() {
        let cases = [
            ("mail ada.lovelace+x@contoso.co.uk now", "mail [e-mail] now"),
            ("<ada@contoso.com>;'bob@x'", "<[e-mail]>;'[e-mail]'"),
            ("ada%40contoso.com", "[e-mail]"),
            ("call +49 (30) 123-45 67 or 0301234567.", "call [number] or [number]."),
            ("5551234", "[number]"),
            ("call (425) 555-0100x12", "call [number]x12"),
            (
                "An undeclared property 'customerid_account@odata.bind'",
                "An undeclared property 'customerid_account@odata.bind'",
            ),
            (
                "account With Id = 12345678-1234-4234-8234-123456789012 Does Not Exist",
                "account With Id = 12345678-1234-4234-8234-123456789012 Does Not Exist",
            ),
            ("0x80040217 at 2027-03-31T08:00:00Z", "0x80040217 at 2027-03-31T08:00:00Z"),
            ("value 727000001 outside", "value 727000001 outside"),
            ("limit of 1,200,000 milliseconds over 300 seconds", "limit of 1,200,000 milliseconds over 300 seconds"),
            ("two\r\nlines", "two  lines"),
        ];
        for (text, expected) in cases {
            assert_eq!(without_contact_data(text), expected, "{text}");
        }
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let cut = without_contact_data(&"ü".repeat(5_000));
        assert_eq!(cut.chars().count(), 301);
        assert!(cut.ends_with('…'));
    }
}
