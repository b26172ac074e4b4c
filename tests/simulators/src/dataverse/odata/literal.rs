//! Literals as they stand in addresses: `'it''s'`, `6a1c...`, `5`, `2027-03-31`, `null`.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::dataverse::answers::{Answer, Refused};
use crate::dataverse::data::Datum;

/// A literal.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Literal {
    Null,
    Text(String),
    Boolean(bool),
    Number(Decimal),
    Id(Uuid),
    Date(Date),
    Moment(Timestamp),
}

impl Literal {
    /// Reads a word or a text in apostrophes; none if it is neither a literal nor closed.
    pub(crate) fn read(word: &str) -> Option<Self> {
        if let Some(rest) = word.strip_prefix('\'') {
            return rest.strip_suffix('\'').map(|inner| Self::Text(inner.replace("''", "'")));
        }
        match word {
            "null" => return Some(Self::Null),
            "true" => return Some(Self::Boolean(true)),
            "false" => return Some(Self::Boolean(false)),
            _ => {}
        }
        if let (36, Ok(id)) = (word.len(), Uuid::try_parse(word)) {
            return Some(Self::Id(id));
        }
        if let Ok(number) = word.parse::<Decimal>() {
            return Some(Self::Number(number));
        }
        if let (10, Ok(date)) = (word.len(), word.parse::<Date>()) {
            return Some(Self::Date(date));
        }
        word.contains('T').then(|| word.parse::<Timestamp>().ok()).flatten().map(Self::Moment)
    }

    /// The value that a column of this kind of values is compared with; none is null.
    pub(crate) fn datum(&self, like: Like) -> Answer<Option<Datum>> {
        let fits = match (self, like) {
            (Self::Null, _) => return Ok(None),
            (Self::Text(text), Like::Text) => Datum::Text(text.clone()),
            (Self::Boolean(value), Like::Boolean) => Datum::Boolean(*value),
            (Self::Number(number), Like::Number) => Datum::Decimal(*number),
            (Self::Id(id), Like::Id) => Datum::Id(*id),
            (Self::Text(text), Like::Id) if Uuid::try_parse(text).is_ok() => {
                Datum::Id(Uuid::try_parse(text).unwrap_or_default())
            }
            (Self::Date(date), Like::Date) => Datum::Date(*date),
            (Self::Moment(moment), Like::Date) => Datum::Date(TimeZone::UTC.to_datetime(*moment).date()),
            (Self::Moment(moment), Like::Moment) => Datum::Moment(*moment),
            (Self::Date(date), Like::Moment) => {
                Datum::Moment(TimeZone::UTC.to_timestamp((*date).into()).unwrap_or_default())
            }
            (literal, like) => {
                let (found, wanted) = (literal.type_name(), like.type_name());
                return Err(Refused::query(format!(
                    "A binary operator with incompatible types was detected. Found operand types '{wanted}' and \
                     '{found}' for operator kind 'Equal'."
                )));
            }
        };
        Ok(Some(fits))
    }

    fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "<null>",
            Self::Text(_) => Like::Text.type_name(),
            Self::Boolean(_) => Like::Boolean.type_name(),
            Self::Number(_) => Like::Number.type_name(),
            Self::Id(_) => Like::Id.type_name(),
            Self::Date(_) => Like::Date.type_name(),
            Self::Moment(_) => Like::Moment.type_name(),
        }
    }
}

/// The kinds of values that compare with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Like {
    Text,
    Boolean,
    Number,
    Id,
    Date,
    Moment,
}

impl Like {
    pub(crate) fn type_name(self) -> &'static str {
        match self {
            Self::Text => "Edm.String",
            Self::Boolean => "Edm.Boolean",
            Self::Number => "Edm.Decimal",
            Self::Id => "Edm.Guid",
            Self::Date => "Edm.Date",
            Self::Moment => "Edm.DateTimeOffset",
        }
    }
}
