//! The text of a `$filter` as a tree. What its names mean is for `condition` to say.

use super::literal::Literal;
use super::tokens::{Token, tokens};
use crate::dataverse::answers::{Answer, Refused};

/// A condition, not yet bound to a table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Filter {
    And(Box<Filter>, Box<Filter>),
    Or(Box<Filter>, Box<Filter>),
    Not(Box<Filter>),
    Compare(Operator, Operand, Operand),
    /// `contains(name,'x')` and its like.
    Text(TextTest, String, String),
    /// `Microsoft.Dynamics.CRM.In(PropertyName='name',PropertyValues=['a'])` and its like.
    Query(String, Vec<(String, Argument)>),
    /// `navigation/any(o:o/name eq 'x')`: whether it is any, the navigation property, the variable, the condition.
    Some(bool, String, Option<(String, Box<Filter>)>),
}

/// The comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
}

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Operand {
    Path(String),
    Value(Literal),
}

/// The functions on text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextTest {
    Contains,
    StartsWith,
    EndsWith,
}

/// An argument of a query function.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Argument {
    One(Literal),
    Many(Vec<String>),
}

/// Reads the decoded text of a `$filter`.
pub(crate) fn read(text: &str) -> Answer<Filter> {
    let mut reader = Reader { tokens: tokens(text)?, at: 0, text };
    let filter = reader.either()?;
    if reader.at < reader.tokens.len() {
        return Err(reader.error());
    }
    Ok(filter)
}

struct Reader<'a> {
    tokens: Vec<Token>,
    at: usize,
    text: &'a str,
}

impl Reader<'_> {
    fn error(&self) -> Refused {
        Refused::query(format!("Syntax error at position {} in '{}'.", self.at, self.text))
    }

    fn either(&mut self) -> Answer<Filter> {
        let mut left = self.both()?;
        while self.word_is("or") {
            left = Filter::Or(Box::new(left), Box::new(self.both()?));
        }
        Ok(left)
    }

    fn both(&mut self) -> Answer<Filter> {
        let mut left = self.one()?;
        while self.word_is("and") {
            left = Filter::And(Box::new(left), Box::new(self.one()?));
        }
        Ok(left)
    }

    fn one(&mut self) -> Answer<Filter> {
        if self.word_is("not") {
            return Ok(Filter::Not(Box::new(self.one()?)));
        }
        if self.mark_is('(') {
            let inner = self.either()?;
            self.mark(')')?;
            return Ok(inner);
        }
        if let (Some(Token::Word(name)), Some(Token::Mark('('))) =
            (self.tokens.get(self.at).cloned(), self.tokens.get(self.at + 1))
        {
            self.at += 2;
            return self.call(&name);
        }
        let left = self.operand()?;
        let Some(Token::Word(word)) = self.next() else { return Err(self.error()) };
        let operator = match word.as_str() {
            "eq" => Operator::Eq,
            "ne" => Operator::Ne,
            "gt" => Operator::Gt,
            "ge" => Operator::Ge,
            "lt" => Operator::Lt,
            "le" => Operator::Le,
            _ => return Err(self.error()),
        };
        Ok(Filter::Compare(operator, left, self.operand()?))
    }

    fn call(&mut self, name: &str) -> Answer<Filter> {
        let test = match name {
            "contains" => Some(TextTest::Contains),
            "startswith" => Some(TextTest::StartsWith),
            "endswith" => Some(TextTest::EndsWith),
            _ => None,
        };
        if let Some(test) = test {
            let Some(Token::Word(path)) = self.next() else { return Err(self.error()) };
            self.mark(',')?;
            let Some(Token::Text(text)) = self.next() else { return Err(self.error()) };
            self.mark(')')?;
            return Ok(Filter::Text(test, path, text));
        }
        if let Some(function) = name.strip_prefix("Microsoft.Dynamics.CRM.") {
            return self.query_function(function);
        }
        match name.rsplit_once('/') {
            Some((navigation, "any")) => self.lambda(true, navigation),
            Some((navigation, "all")) => self.lambda(false, navigation),
            _ => Err(Refused::query(format!("An unknown function with name '{name}' was found."))),
        }
    }

    fn lambda(&mut self, any: bool, navigation: &str) -> Answer<Filter> {
        if self.mark_is(')') {
            return Ok(Filter::Some(any, navigation.to_owned(), None));
        }
        // The variable and the first word of the condition are one word: `o:o/name`.
        let Some(Token::Word(word)) = self.tokens.get(self.at).cloned() else { return Err(self.error()) };
        let Some((variable, rest)) = word.split_once(':') else { return Err(self.error()) };
        if rest.is_empty() {
            self.at += 1;
        } else {
            self.tokens[self.at] = Token::Word(rest.to_owned());
        }
        let inner = self.either()?;
        self.mark(')')?;
        Ok(Filter::Some(any, navigation.to_owned(), Some((variable.to_owned(), Box::new(inner)))))
    }

    fn query_function(&mut self, function: &str) -> Answer<Filter> {
        let mut arguments = Vec::new();
        loop {
            let Some(Token::Word(name)) = self.next() else { return Err(self.error()) };
            self.mark('=')?;
            arguments.push((name, self.argument()?));
            if self.mark_is(')') {
                return Ok(Filter::Query(function.to_owned(), arguments));
            }
            self.mark(',')?;
        }
    }

    fn argument(&mut self) -> Answer<Argument> {
        if !self.mark_is('[') {
            return match self.operand()? {
                Operand::Value(literal) => Ok(Argument::One(literal)),
                Operand::Path(_) => Err(self.error()),
            };
        }
        let mut values = Vec::new();
        while !self.mark_is(']') {
            match self.next() {
                Some(Token::Text(text) | Token::Word(text)) => values.push(text),
                Some(Token::Mark(',')) => {}
                _ => return Err(self.error()),
            }
        }
        Ok(Argument::Many(values))
    }

    fn operand(&mut self) -> Answer<Operand> {
        match self.next() {
            Some(Token::Text(text)) => Ok(Operand::Value(Literal::Text(text))),
            Some(Token::Word(word)) => Ok(Literal::read(&word).map_or(Operand::Path(word), Operand::Value)),
            _ => Err(self.error()),
        }
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn word_is(&mut self, word: &str) -> bool {
        let is = matches!(self.tokens.get(self.at), Some(Token::Word(found)) if found == word);
        self.at += usize::from(is);
        is
    }

    fn mark_is(&mut self, mark: char) -> bool {
        let is = self.tokens.get(self.at) == Some(&Token::Mark(mark));
        self.at += usize::from(is);
        is
    }

    fn mark(&mut self, mark: char) -> Answer<()> {
        if self.mark_is(mark) { Ok(()) } else { Err(self.error()) }
    }
}
