//! The table `cosell_solutiondetail` (design section 5), under the configured prefix.

use serde_json::{Map, Value, json};

use crate::{Catalogue, Solution};

/// Names of the catalogue's table and columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// The entity set.
    pub set: String,
    /// The primary key.
    pub id: String,
    /// The code; an alternate key.
    pub code: String,
    /// The name.
    pub name: String,
    /// The publisher.
    pub publisher: String,
}

impl Columns {
    /// The names under a prefix.
    #[must_use]
    pub fn new(prefix: &str) -> Self {
        let column = |name: &str| format!("{prefix}_{name}");
        Self {
            set: column("solutiondetails"),
            id: column("solutiondetailid"),
            code: column("code"),
            name: column("name"),
            publisher: column("publisher"),
        }
    }

    /// For `$select`.
    #[must_use]
    pub fn select(&self) -> [&str; 5] {
        [&self.id, &self.code, &self.name, &self.publisher, "statecode"]
    }

    /// A row as it is written. `revive` brings one that is out of use back.
    #[must_use]
    pub fn body(&self, catalogue: &Catalogue, solution: &Solution, revive: bool) -> Map<String, Value> {
        let mut body = Map::new();
        body.insert(self.code.clone(), json!(solution.code));
        body.insert(self.name.clone(), json!(solution.name));
        if catalogue.has_publishers {
            body.insert(self.publisher.clone(), json!(solution.publisher));
        }
        if revive {
            body.insert("statecode".to_owned(), json!(0));
            body.insert("statuscode".to_owned(), json!(1));
        }
        body
    }
}
