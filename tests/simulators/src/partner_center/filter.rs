//! The `$filter` grammar that is documented: comparisons joined by `and`, parentheses, and one lambda
//! (partner-center-api 4.5). Everything else is refused unless a switch allows it.
//!
//! ```text
//! either     = both *( "or" both )                      "or" by switch
//! both       = term *( "and" term )
//! term       = "(" either ")" | team/any(x:x/email eq 'text') | member op literal
//! op         = eq | ge | gt                             ne, lt, le by switch
//! literal    = 'text' | guid | instant
//! ```

use jiff::Timestamp;
use serde_json::Value;

/// A parsed filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Filter {
    Either(Box<Filter>, Box<Filter>),
    Both(Box<Filter>, Box<Filter>),
    TeamEmail(String),
    Compare { pointer: String, operator: String, literal: String },
}

const TEXT_MEMBERS: &[&str] =
    &["engagementId", "status", "substatus", "qualification", "type", "direction", "customerProfile/address/country"];
const DATE_MEMBERS: &[&str] = &["updatedDateTime"];

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    Word(String),
    Text(String),
}

/// Reads a filter. `undocumented` also lets `or`, `ne`, `lt`, `le` and other members pass.
pub(super) fn parse(source: &str, undocumented: bool) -> Result<Filter, String> {
    let mut parser = Parser { tokens: tokens(source)?, next: 0, undocumented };
    let filter = parser.either()?;
    if parser.next < parser.tokens.len() { Err(format!("Syntax error in $filter: {source}")) } else { Ok(filter) }
}

impl Filter {
    /// Whether a document passes.
    pub(super) fn passes(&self, document: &Value) -> bool {
        match self {
            Self::Either(left, right) => left.passes(document) || right.passes(document),
            Self::Both(left, right) => left.passes(document) && right.passes(document),
            Self::TeamEmail(email) => {
                let team = document["team"].as_array().map(Vec::as_slice).unwrap_or_default();
                team.iter().any(|member| member["email"] == Value::String(email.clone()))
            }
            Self::Compare { pointer, operator, literal } => {
                let member = document.pointer(pointer).and_then(Value::as_str);
                member.is_some_and(|member| compares(pointer, member, operator, literal))
            }
        }
    }
}

fn compares(pointer: &str, member: &str, operator: &str, literal: &str) -> bool {
    let order = match (member.parse::<Timestamp>(), literal.parse::<Timestamp>()) {
        (Ok(member), Ok(literal)) => member.cmp(&literal),
        // GUIDs are equal whatever their case.
        _ if pointer == "/engagementId" => member.to_lowercase().cmp(&literal.to_lowercase()),
        _ => member.cmp(literal),
    };
    match operator {
        "eq" => order.is_eq(),
        "ne" => order.is_ne(),
        "ge" => order.is_ge(),
        "gt" => order.is_gt(),
        "le" => order.is_le(),
        _ => order.is_lt(),
    }
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    undocumented: bool,
}

impl Parser {
    fn either(&mut self) -> Result<Filter, String> {
        let mut filter = self.both()?;
        while self.skip_word("or") {
            if !self.undocumented {
                return Err("The operator or is not supported in $filter.".to_owned());
            }
            filter = Filter::Either(Box::new(filter), Box::new(self.both()?));
        }
        Ok(filter)
    }

    fn both(&mut self) -> Result<Filter, String> {
        let mut filter = self.term()?;
        while self.skip_word("and") {
            filter = Filter::Both(Box::new(filter), Box::new(self.term()?));
        }
        Ok(filter)
    }

    fn term(&mut self) -> Result<Filter, String> {
        match self.take() {
            Some(Token::Open) => {
                let filter = self.either()?;
                self.expect(&Token::Close)?;
                Ok(filter)
            }
            Some(Token::Word(member)) if member == "team/any" => self.lambda(),
            Some(Token::Word(member)) => self.comparison(member),
            _ => Err("Syntax error in $filter: a condition is missing.".to_owned()),
        }
    }

    fn lambda(&mut self) -> Result<Filter, String> {
        self.expect(&Token::Open)?;
        let member = self.word()?;
        let (variable, path) = member.split_once(':').ok_or("Syntax error in $filter: team/any lacks its variable.")?;
        if path != format!("{variable}/email") || self.word()? != "eq" {
            return Err("Only email eq is supported in team/any.".to_owned());
        }
        let Some(Token::Text(email)) = self.take() else { return Err("An email must be quoted.".to_owned()) };
        self.expect(&Token::Close)?;
        Ok(Filter::TeamEmail(email))
    }

    fn comparison(&mut self, member: String) -> Result<Filter, String> {
        let operator = self.word()?;
        let (literal, quoted) = match self.take() {
            Some(Token::Text(text)) => (text, true),
            Some(Token::Word(word)) => (word, false),
            _ => return Err("Syntax error in $filter: a literal is missing.".to_owned()),
        };
        let operators: &[&str] =
            if self.undocumented { &["eq", "ne", "ge", "gt", "le", "lt"] } else { &["eq", "ge", "gt"] };
        if !operators.contains(&operator.as_str()) {
            return Err(format!("The operator {operator} is not supported in $filter."));
        }
        let is_date = DATE_MEMBERS.contains(&member.as_str()) || literal.parse::<Timestamp>().is_ok();
        let fits = if is_date {
            !quoted && literal.parse::<Timestamp>().is_ok()
        } else {
            // Observed links leave the quotes of a GUID out.
            (quoted || (member == "engagementId" && literal.parse::<uuid::Uuid>().is_ok())) && operator == "eq"
        };
        let known = TEXT_MEMBERS.contains(&member.as_str()) || DATE_MEMBERS.contains(&member.as_str());
        let documented = known && fits;
        if !documented && !self.undocumented {
            return Err(format!("The condition on {member} is not supported in $filter."));
        }
        Ok(Filter::Compare { pointer: format!("/{member}"), operator, literal })
    }

    fn take(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.next).cloned();
        self.next += 1;
        token
    }

    fn word(&mut self) -> Result<String, String> {
        match self.take() {
            Some(Token::Word(word)) => Ok(word),
            _ => Err("Syntax error in $filter: a word is missing.".to_owned()),
        }
    }

    fn expect(&mut self, wanted: &Token) -> Result<(), String> {
        if self.take().as_ref() == Some(wanted) {
            Ok(())
        } else {
            Err("Syntax error in $filter: a parenthesis is missing.".to_owned())
        }
    }

    fn skip_word(&mut self, word: &str) -> bool {
        let there = matches!(self.tokens.get(self.next), Some(Token::Word(next)) if next == word);
        self.next += usize::from(there);
        there
    }
}

fn tokens(source: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = source.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, after) = match first {
            '(' => (Token::Open, &rest[1..]),
            ')' => (Token::Close, &rest[1..]),
            '\'' => quoted(&rest[1..])?,
            _ => {
                let end = rest.find([' ', '(', ')', '\'']).unwrap_or(rest.len());
                (Token::Word(rest[..end].to_owned()), &rest[end..])
            }
        };
        tokens.push(token);
        rest = after.trim_start();
    }
    Ok(tokens)
}

/// A text literal, in which a doubled quote stands for one.
fn quoted(source: &str) -> Result<(Token, &str), String> {
    let mut text = String::new();
    let mut rest = source;
    loop {
        let end = rest.find('\'').ok_or("Syntax error in $filter: a quote is missing.")?;
        text.push_str(&rest[..end]);
        match rest[end + 1..].strip_prefix('\'') {
            Some(after) => {
                text.push('\'');
                rest = after;
            }
            None => return Ok((Token::Text(text), &rest[end + 1..])),
        }
    }
}
