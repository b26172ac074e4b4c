//! Which rows can go into the CRM. All are judged before any is written, so that nothing is half-imported.

use std::collections::HashMap;

use crate::cell::Cell;
use crate::heading::Heading;
use crate::{RawRow, Solution};

/// The most UTF-16 units of a code: the column's length (design section 5).
const CODE_MAX: usize = 100;
/// The most UTF-16 units of a name or a publisher.
const TEXT_MAX: usize = 200;

/// Every row under the heading that is not empty.
pub(crate) fn judged(rows: &[RawRow], heading: &Heading) -> Vec<Solution> {
    let under = rows.iter().skip(heading.row + 1).filter(|row| row.cells.iter().any(|cell| !cell.is_empty()));
    let mut solutions: Vec<Solution> = under.map(|row| one(row, heading)).collect();
    refuse_doubles(&mut solutions);
    solutions
}

fn one(row: &RawRow, heading: &Heading) -> Solution {
    let mut refusals = Vec::new();
    let mut text = |column: usize, what: &str, most: usize| match row.cells.get(column) {
        Some(Cell::Wrong(instead)) => {
            refusals.push(format!("the {what} is {instead}"));
            String::new()
        }
        Some(Cell::Text(text)) => {
            refusals.extend(text_refusal(text, what, most));
            text.clone()
        }
        None => String::new(),
    };
    let code = text(heading.code, "code", CODE_MAX);
    let name = text(heading.name, "name", TEXT_MAX);
    let publisher = heading.publisher.map(|column| text(column, "publisher", TEXT_MAX)).filter(|text| !text.is_empty());
    let is_missing = |column: usize| row.cells.get(column).is_none_or(Cell::is_empty);
    for (column, what) in [(heading.code, "code"), (heading.name, "name")] {
        if is_missing(column) {
            refusals.push(format!("the {what} is empty"));
        }
    }
    refusals.extend(code_refusal(&code));
    if row.cells.iter().skip(heading.width).any(|cell| !cell.is_empty()) {
        refusals
            .push("the row has more cells than the heading: put quotation marks around a value with a comma".into());
    }
    let remarks = match !refusals.is_empty() || looks_like_a_code(&code) {
        true => Vec::new(),
        false => vec!["the code does not look like SOL-15974-MQF".to_owned()],
    };
    Solution { row: row.number, code, name, publisher, refusals, remarks }
}

fn text_refusal(text: &str, what: &str, most: usize) -> Option<String> {
    if text.chars().any(char::is_control) {
        return Some(format!("the {what} holds a line break or another control character"));
    }
    let units = text.encode_utf16().count();
    (units > most).then(|| format!("the {what} has {units} characters; {most} is the most"))
}

/// Dataverse refuses `/ < > * % & : \ ? +` in keys even when encoded; letters, digits, `-` and `_` are safe
/// (dataverse-api 2.8).
fn code_refusal(code: &str) -> Option<String> {
    let is_safe = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let mut odd: Vec<char> = code.chars().filter(|c| !is_safe(c) && !c.is_control()).collect();
    odd.sort_unstable();
    odd.dedup();
    let shown: Vec<String> =
        odd.iter().map(|c| if *c == ' ' { "a space".to_owned() } else { format!("`{c}`") }).collect();
    (!odd.is_empty())
        .then(|| format!("the code holds {}; Dataverse takes letters, digits, - and _ in a key", shown.join(", ")))
}

/// `SOL-15974-MQF`, the style of catalogue solutions (partner-center-api 3.8.1). Others are seen, so it is no rule.
fn looks_like_a_code(code: &str) -> bool {
    let parts: Vec<&str> = code.split('-').collect();
    matches!(parts.as_slice(), ["SOL", number, letters]
        if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
            && !letters.is_empty() && letters.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()))
}

/// A code that comes twice: nobody can know which row is meant. Dataverse compares without regard to case
/// (dataverse-api 2.9).
fn refuse_doubles(solutions: &mut [Solution]) {
    let mut rows: HashMap<String, Vec<u64>> = HashMap::new();
    for solution in solutions.iter().filter(|solution| !solution.code.is_empty()) {
        rows.entry(same(&solution.code)).or_default().push(solution.row);
    }
    for solution in solutions {
        let all = rows.get(&same(&solution.code)).map(Vec::as_slice).unwrap_or_default();
        let others: Vec<String> = all.iter().filter(|row| **row != solution.row).map(u64::to_string).collect();
        if !others.is_empty() {
            solution.refusals.push(format!("the code comes again in row {}", others.join(", ")));
        }
    }
}

/// Codes with the same spelling here are the same to Dataverse.
pub(crate) fn same(code: &str) -> String {
    code.to_lowercase()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{Format, Solution, read};

    fn refusals(row: &str) -> String {
        let list = read(Format::Csv, format!("Code,Name,Publisher\n{row}\n").as_bytes()).unwrap();
        list.solutions[0].refusals.join("; ")
    }

    #[test]
    fn each_refusal_says_what_is_wrong() {
        let long = "x".repeat(201);
        for (row, expected) in [
            ("SOL-1-A,ERP Move,Adatum".to_owned(), ""),
            (",ERP Move,".to_owned(), "the code is empty"),
            ("SOL-1-A, ,".to_owned(), "the name is empty"),
            ("SOL-1-A".to_owned(), "the name is empty"),
            (
                "SOL/1 A,ERP Move,".to_owned(),
                "the code holds a space, `/`; Dataverse takes letters, digits, - and _ in a key",
            ),
            ("SOL-é,ERP Move,".to_owned(), "the code holds `é`; Dataverse takes letters, digits, - and _ in a key"),
            ("SOL-1-A,ERP\0Move,".to_owned(), "the name holds a line break or another control character"),
            ("SOL-1-A,\"ERP\nMove\",".to_owned(), "the name holds a line break or another control character"),
            (format!("SOL-1-A,{long},"), "the name has 201 characters; 200 is the most"),
            (format!("SOL-1-A,ERP,{}", "😀".repeat(101)), "the publisher has 202 characters; 200 is the most"),
            (format!("{},ERP,", &long[..101]), "the code has 101 characters; 100 is the most"),
            (
                "SOL-1-A,ERP, Move,Adatum".to_owned(),
                "the row has more cells than the heading: put quotation marks around a value with a comma",
            ),
        ] {
            assert_eq!(refusals(&row), expected, "{row:?}");
        }
    }

    #[test]
    fn a_code_that_comes_twice_is_refused_wherever_it_stands() {
        let list = read(Format::Csv, b"Code,Name\nSOL-1-A,One\n\nsol-1-a,Two\nSOL-2-B,Three\nSOL-1-A,One\n").unwrap();
        let said: Vec<(u64, String)> =
            list.solutions.iter().map(|solution| (solution.row, solution.refusals.join(";"))).collect();
        assert_eq!(
            said,
            [
                (2, "the code comes again in row 4, 6".to_owned()),
                (4, "the code comes again in row 2, 6".to_owned()),
                (5, String::new()),
                (6, "the code comes again in row 2, 4".to_owned()),
            ]
        );
    }

    #[test]
    fn an_unusual_code_is_a_remark_and_no_refusal() {
        let list = read(Format::Csv, b"Code,Name\nSOL-15974-MQF,A\nAzure_ERP,B\nSOL-x-MQF,C\nSOL-1-,D\n").unwrap();
        let remarked: Vec<bool> = list.solutions.iter().map(|solution| !solution.remarks.is_empty()).collect();
        assert_eq!(remarked, [false, true, true, true]);
        assert!(list.solutions.iter().all(Solution::is_accepted));
    }

    proptest! {
        #[test]
        fn no_list_panics_and_no_accepted_code_breaks_an_address(code in any::<String>(), name in any::<String>()) {
            let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
            let text = format!("Code,Name\n{},{}\n", quoted(&code), quoted(&name));
            for solution in read(Format::Csv, text.as_bytes()).map(|list| list.solutions).unwrap_or_default() {
                prop_assert!(!solution.is_accepted() || solution.code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
            }
        }
    }
}
