use super::*;

fn judged(status: u16, body: &str, conditional: bool) -> Error {
    error_of(StatusCode::from_u16(status).unwrap(), Some("7"), body.as_bytes(), conditional)
}

fn coded(code: &str) -> String {
    format!(r#"{{"error":{{"code":"{code}","message":"words"}}}}"#)
}

#[test]
fn all_four_shapes_are_read() {
    let nested = r#"{"error":{"code":"unauthenticated","message":"a","innerError":{"code":"900421","message":"b"}}}"#;
    let deeper =
        r#"{"error":{"code":"invalidRequest","message":"a","innererror":{"code":"","innerError":{"code":"deep"}}}}"#;
    for (body, code, message) in [
        (nested, "900421", "b"),
        (deeper, "deep", "a"),
        (r#"{"error":{"code":"invalidRequest","message":"a","innerError":null}}"#, "invalidRequest", "a"),
        (r#"{"code":1000,"description":"not found","data":[],"source":"x"}"#, "1000", "not found"),
        (r#"{"code":"900421","description":"MFA"}"#, "900421", "MFA"),
        (r#"{"statusCode":429,"message":"Try again in 57 seconds."}"#, "429", "Try again in 57 seconds."),
        (r#"{"error":"insufficent_claims","error_description":"more"}"#, "insufficent_claims", "more"),
        ("plain words to ada@contoso.com", "", "plain words to [e-mail]"),
        ("<html>front door</html>", "", ""),
        ("", "", ""),
        ("[]", "", "[]"),
        ("{", "", "{"),
    ] {
        let complaint = Complaint::read(body.as_bytes());
        assert_eq!((complaint.code.as_str(), complaint.message.as_str()), (code, message), "{body}");
    }
}

#[test]
fn nobody_is_quoted() {
    let body = r#"{"error":{"code":"ada@contoso.com","message":"'Ada' (+44 113 000 0000) <ada@contoso.com> at '/team/0/firstName'"}}"#;
    let error = judged(400, body, true);
    let text = format!("{error} {error:?}");
    assert!(!text.to_lowercase().contains("ada") && !text.contains("113"), "{text}");
    assert!(text.contains("'/team/0/firstName'"), "{text}");
}

#[test]
fn a_huge_text_is_cut_between_characters() {
    for body in ["ü".repeat(10_000), format!(r#"{{"message":"{}"}}"#, "ü".repeat(10_000))] {
        assert!(Complaint::read(body.as_bytes()).message.chars().count() <= 301);
    }
}

#[test]
fn a_status_says_what_to_do_next() {
    assert!(matches!(judged(429, "{}", false), Error::Throttled { retry_after } if retry_after.as_secs() == 7));
    for throttled in [507, 509] {
        assert!(matches!(judged(throttled, "", true), Error::Throttled { .. }), "{throttled}");
    }
    assert!(matches!(judged(503, "", false), Error::Unavailable { retry_after } if retry_after.as_secs() == 7));
    for stale in [409, 412] {
        assert!(matches!(judged(stale, "{}", true), Error::Stale { .. }), "{stale}");
        assert!(matches!(judged(stale, "{}", false), Error::Rejected { .. }), "{stale}");
    }
    for gone in [404, 410] {
        assert!(matches!(judged(gone, "{}", true), Error::NotFound { .. }), "{gone}");
    }
    assert!(matches!(judged(403, "{}", true), Error::Denied { .. }));
    for unknown in [408, 423, 500, 502, 504, 520, 599] {
        assert!(matches!(judged(unknown, "{}", true), Error::UnknownOutcome { .. }), "{unknown}");
    }
    for rejected in [400, 405, 406, 411, 413, 415, 416, 422, 418, 501] {
        let error = judged(rejected, &coded("invalidRequest"), true);
        assert!(matches!(error, Error::Rejected { status, .. } if status == rejected), "{rejected}");
    }
    for redirect in [301, 302, 307] {
        assert!(matches!(judged(redirect, "", true), Error::Configuration { .. }), "{redirect}");
    }
}

#[test]
fn a_code_says_more_than_its_status() {
    assert!(matches!(judged(400, &coded("itemNotFound"), false), Error::NotFound { .. }));
    assert!(matches!(judged(400, &coded("accessDenied"), false), Error::Denied { .. }));
    assert!(matches!(judged(400, &coded("resourceModified"), true), Error::Stale { .. }));
    assert!(matches!(judged(400, &coded("preconditionFailed"), true), Error::Stale { .. }));
    assert!(matches!(judged(400, &coded("preconditionFailed"), false), Error::Rejected { .. }));
    assert!(matches!(judged(500, &coded("serviceNotAvailable"), true), Error::Unavailable { .. }));
    assert!(matches!(judged(500, &coded("generalException"), true), Error::UnknownOutcome { .. }));
}

#[test]
fn what_only_a_new_sign_in_mends_is_no_matter_of_roles() {
    for code in ["900421", "insufficent_claims", "insufficient_claims"] {
        assert!(matches!(judged(403, &coded(code), true), Error::SignIn { .. }), "{code}");
    }
    assert!(matches!(judged(403, r#"{"error":"insufficent_claims"}"#, true), Error::SignIn { .. }));
}

#[test]
fn only_what_provably_changed_nothing_says_so() {
    for unsure in [423, 503, 500, 502, 504, 408, 599] {
        assert!(!judged(unsure, "{}", true).was_not_executed(), "{unsure}");
    }
    for sure in [301, 400, 403, 404, 409, 412, 415, 422, 429] {
        assert!(judged(sure, "{}", true).was_not_executed(), "{sure}");
    }
}
