//! Every code, wording and status against the variant that the engine branches on.

use std::time::Duration;

use serde_json::json;

use super::*;

/// The variant's name: what `Debug` prints up to the first field.
fn name(error: &Error) -> String {
    format!("{error:?}").split([' ', '{']).next().unwrap().to_owned()
}

fn judged(status: u16, body: &str, precondition: Option<&Precondition>) -> Error {
    error_of(StatusCode::from_u16(status).unwrap(), None, body.as_bytes(), precondition)
}

fn odata(code: &str, message: &str) -> String {
    json!({ "error": { "code": code, "message": message } }).to_string()
}

#[test]
fn the_code_decides_whatever_the_status() {
    let cases = [
        ("0x80040217", "NotFound"),
        ("0x80060891", "NotFound"),
        ("0x80040237", "Exists"),
        ("0x80060892", "Exists"),
        ("0x80073002", "Exists"),
        ("0x80060882", "Stale"),
        ("0x80040220", "Denied"),
        ("0x80048306", "Denied"),
        ("0x8004A110", "Denied"),
        ("0x80072560", "Denied"),
        ("0x80081018", "Denied"),
        ("0x8004022e", "Closed"),
        ("0x8004022E", "Closed"),
        ("0x80040230", "Closed"),
        ("0x80040515", "AlreadyClosed"),
        ("0x80040519", "AlreadyClosed"),
        ("0x80048479", "CurrencyLocked"),
        ("0x80044331", "TooLong"),
        ("0x80041103", "ColumnMissing"),
        ("0x80060888", "ColumnMissing"),
        ("0x8006088F", "Configuration"),
        ("0x80060890", "Configuration"),
        ("0x80072491", "Configuration"),
        ("0x80044352", "DeltaExpired"),
        ("0x80072321", "Throttled"),
        ("0x80072322", "Throttled"),
        ("-2147015902", "Throttled"),
        ("0x80072326", "Throttled"),
        ("0x80072327", "Throttled"),
        ("0X80048544", "Throttled"),
        ("0x80044339", "UnknownOutcome"),
        ("0x80044150", "UnknownOutcome"),
        ("0x80044151", "UnknownOutcome"),
        ("0x80040216", "UnknownOutcome"),
        ("0x80040265", "Rejected"),
        ("0x80040224", "Rejected"),
        ("0x80040333", "Rejected"),
        ("0x80044182", "Rejected"),
    ];
    for (code, expected) in cases {
        for status in [400, 404, 412, 500] {
            assert_eq!(name(&judged(status, &odata(code, "x"), None)), expected, "{status} {code}");
        }
    }
}

#[test]
fn without_a_known_code_the_status_decides() {
    let cases = [
        (400, "Rejected"),
        (403, "Denied"),
        (404, "NotFound"),
        (405, "Rejected"),
        (408, "UnknownOutcome"),
        (410, "Rejected"),
        (412, "Rejected"),
        (413, "Rejected"),
        (429, "Throttled"),
        (500, "UnknownOutcome"),
        (501, "Rejected"),
        (502, "UnknownOutcome"),
        (503, "Unavailable"),
        (504, "UnknownOutcome"),
        (302, "Configuration"),
    ];
    let html = "<html><body>Bad Gateway</body></html>";
    for (status, expected) in cases {
        for body in
            ["", html, "{}", "[1]", "\"x\"", "{\"error\":null}", "{\"Message\":\"x\"}", &odata("", "x"), "{\"err"]
        {
            assert_eq!(name(&judged(status, body, None)), expected, "{status} {body}");
        }
    }
}

#[test]
fn a_412_without_a_code_is_read_by_the_precondition() {
    let matches = Precondition::Matches("W/\"1\"".to_owned());
    let taken = odata("", "A record with matching key values already exists.");
    assert_eq!(name(&judged(412, "", Some(&Precondition::MustNotExist))), "Exists");
    assert_eq!(name(&judged(412, &odata("0x80060882", "x"), Some(&Precondition::MustNotExist))), "Exists");
    assert_eq!(name(&judged(412, "", Some(&matches))), "Stale");
    assert_eq!(name(&judged(412, &taken, None)), "Exists");
    assert_eq!(name(&judged(412, &odata("0x80060892", "x"), Some(&matches))), "Exists");
    assert_eq!(name(&judged(412, &odata("0x80040333", "duplicate"), Some(&matches))), "Rejected");
}

#[test]
fn the_missing_name_is_found_in_every_known_wording() {
    let cases = [
        ("Could not find a property named 'cosell_sync' on type 'Microsoft.Dynamics.CRM.opportunity'.", "cosell_sync"),
        (
            "Error identified in Payload: An undeclared property 'cosell_Opp' which only has property annotations in the payload but no property value was found in the payload.",
            "cosell_Opp",
        ),
        (
            "'opportunity' entity doesn't contain attribute with Name = 'cosell_x' and NameMapping = 'Logical'.",
            "cosell_x",
        ),
        ("Invalid property 'cosell_x' was found in entity 'Microsoft.Dynamics.CRM.opportunity'.", "cosell_x"),
        ("The property 'cosell_x' does not exist on type 'Microsoft.Dynamics.CRM.opportunity'.", "cosell_x"),
        ("Resource not found for the segment 'cosell_solutions'.", "cosell_solutions"),
    ];
    for (message, expected) in cases {
        for code in ["0x80048d19", "0x80060888", ""] {
            match judged(400, &odata(code, message), None) {
                Error::ColumnMissing { column, .. } => assert_eq!(column.as_deref(), Some(expected)),
                other => panic!("{message}: {other:?}"),
            }
        }
    }
}

#[test]
fn a_missing_route_is_not_a_missing_record() {
    let body = json!({ "Message": "No HTTP resource was found that matches the request URI 'https://o/api'." });
    assert_eq!(name(&judged(404, &body.to_string(), None)), "Configuration");
    assert_eq!(
        name(&judged(404, &odata("0x80060888", "Resource not found for the segment 'x'."), None)),
        "ColumnMissing"
    );
}

#[test]
fn an_undefined_key_is_a_configuration_fault_under_its_generic_code() {
    let message = "The key in the request URI is not valid for resource 'Microsoft.Dynamics.CRM.opportunity'.";
    assert_eq!(name(&judged(400, &odata("0x80060888", message), None)), "Configuration");
}

#[test]
fn too_long_names_column_and_length() {
    let message = "A validation error occurred.  The length of the 'subject' attribute of the 'task' entity exceeded the maximum allowed length of '200'.";
    match judged(400, &odata("0x80044331", message), None) {
        Error::TooLong { column, max_length } => {
            assert_eq!((column.as_deref(), max_length), (Some("subject"), Some(200)));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_expired_stamp_is_known_by_its_words_too() {
    let message = "Version stamp associated with the client has expired. Please perform a full sync.";
    assert_eq!(name(&judged(400, &odata("", message), None)), "DeltaExpired");
}

#[test]
fn a_plug_in_speaks_for_itself_but_not_of_people() {
    let body = json!({ "error": { "code": "0x80040265", "message": "Deals of ada@contoso.com need approval.",
        "innererror": { "message": "Ring +1 425 555 0100." } } });
    match judged(500, &body.to_string(), None) {
        Error::Rejected { status, code, message } => {
            assert_eq!((status, code.as_str()), (500, "0x80040265"));
            assert_eq!(message, "Deals of [e-mail] need approval. (Ring [number].)");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_plug_in_cannot_pretend_a_missing_column() {
    let body = odata("0x80040265", "undeclared property 'x'");
    assert_eq!(name(&judged(400, &body, None)), "Rejected");
}

#[test]
fn retry_after_is_taken_from_the_header() {
    for status in [429, 503] {
        let error = error_of(StatusCode::from_u16(status).unwrap(), Some("17"), b"", None);
        assert_eq!(error.retry_after(), Some(Duration::from_secs(17)));
        assert_eq!(error.was_not_executed(), status == 429);
    }
}

#[test]
fn only_a_refused_token_is_a_refused_token() {
    let status = |number| StatusCode::from_u16(number).unwrap();
    assert!(refuses_token(status(401), b"<html>"));
    assert!(refuses_token(status(403), odata("0x8005F101", "x").as_bytes()));
    assert!(refuses_token(status(400), odata("0x80041d52", "x").as_bytes()));
    assert!(!refuses_token(status(403), odata("0x80040220", "x").as_bytes()));
    assert!(!refuses_token(status(200), b""));
}
