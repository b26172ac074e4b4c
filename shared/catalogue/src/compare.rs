//! What is to be done about a row, when the CRM's own rows are known. Doing it twice does nothing the second time.

use serde_json::{Map, Value};

use crate::judge::same;
use crate::{Catalogue, Columns, Solution};

/// A row of the CRM's catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its publisher.
    pub publisher: Option<String>,
    /// Whether sellers can choose it.
    pub is_active: bool,
}

/// What is to be done about a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The CRM has no such code.
    Add,
    /// The CRM has it, with something else beside it.
    Replace {
        /// What is different, in words.
        because: String,
        /// It is out of use there, and comes back.
        revive: bool,
    },
    /// The CRM has it as it is here.
    Leave,
}

/// Decides about one row. `held` is the CRM's row of that code.
#[must_use]
pub fn step(catalogue: &Catalogue, solution: &Solution, held: Option<&Held>) -> Step {
    let Some(held) = held else { return Step::Add };
    let other_publisher = catalogue.has_publishers && held.publisher != solution.publisher;
    let differs = [
        (held.code != solution.code, "another spelling of the code"),
        (held.name != solution.name, "another name"),
        (other_publisher, "another publisher"),
        (!held.is_active, "state Inactive"),
    ];
    let differs: Vec<&str> = differs.iter().filter(|(differs, _)| *differs).map(|(_, what)| *what).collect();
    match differs.is_empty() {
        true => Step::Leave,
        false => Step::Replace { because: format!("was there with {}", differs.join(", ")), revive: !held.is_active },
    }
}

impl Held {
    /// From a row that was read with [`Columns::select`]; none if it has no code.
    #[must_use]
    pub fn read(columns: &Columns, row: &Map<String, Value>) -> Option<Self> {
        let text = |column: &str| row.get(column).and_then(Value::as_str).filter(|text| !text.is_empty());
        Some(Self {
            code: text(&columns.code)?.to_owned(),
            name: text(&columns.name).unwrap_or_default().to_owned(),
            publisher: text(&columns.publisher).map(str::to_owned),
            is_active: row.get("statecode").and_then(Value::as_i64).unwrap_or(0) == 0,
        })
    }

    /// Whether it is the row of a code.
    #[must_use]
    pub fn is_of(&self, code: &str) -> bool {
        same(&self.code) == same(code)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Format, read};

    fn list(text: &str) -> Catalogue {
        read(Format::Csv, text.as_bytes()).unwrap()
    }

    fn held(name: &str, publisher: &str, statecode: i64) -> Held {
        let row = json!({
            "acme_code": "SOL-1-A", "acme_name": name, "acme_publisher": publisher, "statecode": statecode,
        });
        Held::read(&Columns::new("acme"), row.as_object().unwrap()).unwrap()
    }

    #[test]
    fn a_row_is_written_only_when_something_is_different() {
        let list = list("Code,Name,Publisher\nSOL-1-A,ERP Move,Adatum\n");
        let step = |held: Option<&Held>| step(&list, &list.solutions[0], held);
        let replace = |what: &str, revive| Step::Replace { because: format!("was there with {what}"), revive };
        assert_eq!(step(None), Step::Add);
        assert_eq!(step(Some(&held("ERP Move", "Adatum", 0))), Step::Leave);
        assert_eq!(step(Some(&held("ERP", "", 0))), replace("another name, another publisher", false));
        assert_eq!(step(Some(&held("ERP Move", "Adatum", 1))), replace("state Inactive", true));
    }

    #[test]
    fn a_list_without_publishers_leaves_those_of_the_crm_alone() {
        let list = list("Code,Name\nSOL-1-A,ERP Move\n");
        assert_eq!(step(&list, &list.solutions[0], Some(&held("ERP Move", "Adatum", 0))), Step::Leave);
        let body = Columns::new("acme").body(&list, &list.solutions[0], false);
        assert_eq!(Value::Object(body), json!({ "acme_code": "SOL-1-A", "acme_name": "ERP Move" }));
    }

    #[test]
    fn an_empty_publisher_is_cleared_and_a_row_out_of_use_comes_back() {
        let list = list("Code,Name,Publisher\nsol-1-a,ERP Move,\n");
        let held = held("ERP Move", "Adatum", 1);
        assert!(held.is_of("sol-1-a"));
        let Step::Replace { because, revive } = step(&list, &list.solutions[0], Some(&held)) else { panic!() };
        assert_eq!(because, "was there with another spelling of the code, another publisher, state Inactive");
        let body = Columns::new("acme").body(&list, &list.solutions[0], revive);
        let expected = json!({
            "acme_code": "sol-1-a", "acme_name": "ERP Move", "acme_publisher": null, "statecode": 0, "statuscode": 1,
        });
        assert_eq!(Value::Object(body), expected);
    }
}
