//! The words of a `$filter`.

use crate::dataverse::answers::{Answer, Refused};

/// One word, text or mark.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Word(String),
    Text(String),
    Mark(char),
}

/// Takes a filter apart.
pub(super) fn tokens(text: &str) -> Answer<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        match first {
            ' ' | '\t' => rest = &rest[1..],
            '\'' | '"' => {
                let (inner, after) = quoted(&rest[1..], first, text)?;
                tokens.push(Token::Text(inner));
                rest = after;
            }
            '(' | ')' | ',' | '=' | '[' | ']' => {
                tokens.push(Token::Mark(first));
                rest = &rest[1..];
            }
            _ => {
                let end = rest.find([' ', '\t', '\'', '"', '(', ')', ',', '=', '[', ']']).unwrap_or(rest.len());
                tokens.push(Token::Word(rest[..end].to_owned()));
                rest = &rest[end..];
            }
        }
    }
    Ok(tokens)
}

/// The text up to the closing quote, doubled ones undone, and what follows.
fn quoted<'a>(rest: &'a str, quote: char, whole: &str) -> Answer<(String, &'a str)> {
    let (mut inner, mut characters) = (String::new(), rest.char_indices().peekable());
    while let Some((at, character)) = characters.next() {
        if character != quote {
            inner.push(character);
        } else if characters.peek().is_some_and(|(_, next)| *next == quote) {
            characters.next();
            inner.push(quote);
        } else {
            return Ok((inner, &rest[at + 1..]));
        }
    }
    let position = whole.len() - rest.len() - 1;
    Err(Refused::query(format!("There is an unterminated literal at position {position} in '{whole}'.")))
}
