//! Queries: conditions, order, pages (dataverse-api 2.9).

use serde_json::{Value, json};

use crate::caller::{Caller, started, texts};

/// Four accounts, one below another, and a deal with a solution.
async fn with_accounts() -> Caller {
    let caller = started().await;
    let rows = [
        ("Adatum", json!({ "address1_city": "Graz", "numberofemployees": 5, "revenue": 100.5 })),
        ("Fabrikam & Sons", json!({ "address1_city": "graz", "numberofemployees": 50 })),
        ("O'Neil 50%", json!({ "address1_city": "Leeds", "description": "x_y" })),
        ("Contoso", json!({})),
    ];
    let mut parent = None;
    for (name, mut row) in rows {
        row["name"] = json!(name);
        if let Some(parent) = parent {
            row["parentaccountid@odata.bind"] = json!(format!("/accounts({parent})"));
        }
        parent = Some(caller.created("accounts", &row).await);
    }
    let deal = json!({ "name": "Deal", "parentaccountid@odata.bind": format!("/accounts({})", parent.unwrap()) });
    let deal = caller.created("opportunities", &deal).await;
    let solution = json!({ "cosell_name": "S", "cosell_OpportunityId@odata.bind": format!("/opportunities({deal})") });
    caller.created("cosell_solutions", &solution).await;
    caller
}

fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('&', "%26").replace('+', "%2B").replace('#', "%23")
}

#[tokio::test]
async fn conditions_find_what_they_say() {
    let caller = with_accounts().await;
    let (adatum, fabrikam, oneil, contoso) = ("Adatum", "Fabrikam & Sons", "O'Neil 50%", "Contoso");
    let cases: [(&str, &[&str]); 32] = [
        ("name eq 'adatum'", &[adatum]),
        ("name eq 'Adatum '", &[adatum]),
        ("name eq 'Fabrikam & Sons'", &[fabrikam]),
        ("name eq 'O''Neil 50%'", &[oneil]),
        ("name ne 'Adatum'", &[contoso, fabrikam, oneil]),
        ("address1_city eq 'Graz'", &[adatum, fabrikam]),
        ("address1_city eq 'Graz' and numberofemployees gt 5", &[fabrikam]),
        ("numberofemployees ge 5 and numberofemployees le 50", &[adatum, fabrikam]),
        ("numberofemployees lt 50", &[adatum]),
        ("address1_city eq null", &[contoso]),
        ("address1_city ne null", &[adatum, fabrikam, oneil]),
        ("address1_city ne 'Graz'", &[contoso, oneil]),
        ("not (address1_city eq 'Graz') and name ne 'Contoso'", &[oneil]),
        ("name eq 'Adatum' or name eq 'Contoso' and statecode eq 0", &[adatum, contoso]),
        ("(name eq 'Adatum' or name eq 'Contoso') and address1_city eq null", &[contoso]),
        ("contains(name,'ikam')", &[fabrikam]),
        ("startswith(name,'o')", &[oneil]),
        ("endswith(name,'sons')", &[fabrikam]),
        ("contains(name,'a%m')", &[adatum, fabrikam]),
        ("contains(description,'x_y')", &[oneil]),
        ("startswith(name,'[ac]')", &[adatum, contoso]),
        ("revenue eq 100.50", &[adatum]),
        ("statecode eq 1", &[]),
        ("_parentaccountid_value eq null", &[adatum]),
        ("parentaccountid/name eq 'Adatum'", &[fabrikam]),
        ("parentaccountid/parentaccountid/name eq 'Adatum'", &[oneil]),
        ("opportunity_parent_account/any(o:o/name eq 'Deal')", &[contoso]),
        ("opportunity_parent_account/any()", &[contoso]),
        ("Microsoft.Dynamics.CRM.In(PropertyName='name',PropertyValues=['adatum','Contoso'])", &[adatum, contoso]),
        ("Microsoft.Dynamics.CRM.In(PropertyName='name',PropertyValues=[\"Adatum\"])", &[adatum]),
        ("Microsoft.Dynamics.CRM.NotIn(PropertyName='name',PropertyValues=['Adatum','Contoso'])", &[fabrikam, oneil]),
        ("Microsoft.Dynamics.CRM.Between(PropertyName='numberofemployees',PropertyValues=['5','49'])", &[adatum]),
    ];
    for (filter, expected) in cases {
        let path = format!("accounts?$select=name&$orderby=name&$filter={}", escaped(filter));
        let rows = caller.rows(&path).await;
        assert_eq!(texts(&rows, "name"), expected, "{filter}");
    }
}

#[tokio::test]
async fn lookups_compare_by_bare_guid() {
    let caller = with_accounts().await;
    let account = caller.rows("accounts?$filter=name eq 'Contoso'").await[0]["accountid"].clone();
    let id = account.as_str().unwrap();
    assert_eq!(caller.rows(&format!("opportunities?$filter=_parentaccountid_value eq {id}")).await.len(), 1);
    assert_eq!(caller.rows(&format!("opportunities?$filter=_customerid_value ne {id}")).await.len(), 0);
    assert_eq!(caller.rows(&format!("accounts?$filter=accountid eq {id}")).await.len(), 1);
}

#[tokio::test]
async fn an_index_never_hides_what_the_rest_of_a_condition_refuses() {
    let caller = with_accounts().await;
    let id = caller.rows("accounts?$filter=name eq 'Contoso'").await[0]["accountid"].clone();
    let id = id.as_str().unwrap();
    for (filter, found) in [
        (format!("accountid eq {id} and name eq 'CONTOSO '"), 1),
        (format!("name eq 'contoso' and accountid ne {id}"), 0),
        (format!("name eq 'contoso' or accountid ne {id}"), 4),
        ("not (name eq 'contoso')".to_owned(), 3),
        ("versionnumber gt 0 and name eq 'contoso'".to_owned(), 1),
    ] {
        assert_eq!(caller.rows(&format!("accounts?$filter={filter}")).await.len(), found, "{filter}");
    }
    caller.dv.edit("account", id.parse().unwrap(), json!({ "name": "Renamed" }));
    assert_eq!(caller.rows("accounts?$filter=name eq 'Contoso'").await.len(), 0);
    assert_eq!(caller.rows("accounts?$filter=name eq 'renamed'").await.len(), 1);
}

#[tokio::test]
async fn conditions_that_cannot_be_read_are_refused() {
    let caller = with_accounts().await;
    let cases = [
        ("nothere eq 1", "Could not find a property named 'nothere'"),
        ("Name eq 'x'", "Could not find a property named 'Name'"),
        ("parentaccountid eq null", "Could not find a property named 'parentaccountid'"),
        ("name eq 'O'Neil'", "There is an unterminated literal"),
        ("name eq 5", "A binary operator with incompatible types was detected"),
        ("statecode eq 'Active'", "A binary operator with incompatible types was detected"),
        ("name is 'x'", "Syntax error"),
        ("length(name) eq 5", "An unknown function with name 'length' was found"),
    ];
    for (filter, expected) in cases {
        let answer = caller.get(&format!("accounts?$filter={filter}")).await;
        assert_eq!(answer.refusal(), (400, "0x80060888"), "{filter}");
        assert!(answer.message().contains(expected), "{filter}: {}", answer.message());
    }
}

#[tokio::test]
async fn order_puts_nulls_first_and_may_descend() {
    let caller = with_accounts().await;
    let names = async |order: &str| {
        let rows = caller.rows(&format!("accounts?$select=name&$orderby={order}")).await;
        texts(&rows, "name").join(", ")
    };
    assert_eq!(names("numberofemployees,name").await, "Contoso, O'Neil 50%, Adatum, Fabrikam & Sons");
    assert_eq!(names("numberofemployees desc,name").await, "Fabrikam & Sons, Adatum, Contoso, O'Neil 50%");
    assert_eq!(names("parentaccountid/name desc").await.split(", ").next(), Some("Contoso"));
    assert_eq!(caller.get("accounts?$orderby=nothere").await.refusal(), (400, "0x80060888"));
}

#[tokio::test]
async fn there_is_a_top_but_no_skip_and_no_search() {
    let caller = with_accounts().await;
    let top = caller.got("accounts?$select=name&$orderby=name&$top=2").await;
    assert_eq!((top["value"].as_array().unwrap().len(), top.get("@odata.nextLink")), (2, None));
    for refused in ["$skip=1", "$search=x", "$top=-1", "$unknown=1"] {
        assert_eq!(caller.get(&format!("accounts?{refused}")).await.status, 400, "{refused}");
    }
    // A page size makes the server forget the top.
    let paged = caller.get_preferring("accounts?$select=name&$top=1", "odata.maxpagesize=3").await;
    assert_eq!(paged.body["value"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn pages_are_followed_verbatim_to_the_end() {
    let caller = with_accounts().await;
    for order in ["", "&$orderby=address1_city desc,name"] {
        let path = format!("accounts?$select=name&$count=true{order}");
        let mut answer = caller.get_preferring(&path, "odata.maxpagesize=1").await;
        let mut names = String::new();
        loop {
            assert_eq!(answer.status, 200, "{}", answer.text);
            assert_eq!(answer.body["@odata.count"], json!(4));
            names += &texts(answer.body["value"].as_array().unwrap(), "name").join("");
            names.push(';');
            let Some(next) = answer.link("@odata.nextLink").map(str::to_owned) else { break };
            assert!(next.contains("$select=name&$count=true"), "{next}");
            assert!(next.contains("$skiptoken=%3Ccookie%20pagenumber=%22"), "{next}");
            assert!(next.contains("%20pagingcookie=%22%253ccookie%2520page%253d%2522"), "encoded twice: {next}");
            assert!(next.ends_with("%22%20istracking=%22False%22%20/%3E"), "{next}");
            answer = caller.get_preferring(&next, "odata.maxpagesize=1").await;
        }
        assert_eq!(names.matches(';').count(), 4);
        if !order.is_empty() {
            assert_eq!(names, "O'Neil 50%;Adatum;Fabrikam & Sons;Contoso;");
        }
    }
}

#[tokio::test]
async fn a_link_that_was_decoded_twice_or_altered_is_refused() {
    let caller = with_accounts().await;
    let page = caller.get_preferring("accounts?$select=name", "odata.maxpagesize=2").await;
    let next = page.link("@odata.nextLink").unwrap().to_owned();
    assert_eq!(caller.get(&next).await.status, 200);
    let altered = [
        next.replace("%25", "%"),
        next.replace("pagenumber=%222", "pagenumber=%223"),
        next.replace("$select=name", "$select=name,statecode"),
        next.replace("accounts?", "accounts?$filter=statecode%20eq%200&"),
    ];
    for link in altered {
        assert_ne!(link, next);
        assert_eq!(caller.get(&link).await.refusal(), (400, "0x80060888"), "{link}");
    }
    // Decoded and encoded exactly once it is the same link.
    let (start, token) = next.split_once("$skiptoken=").unwrap();
    let once = percent_encoding::percent_decode_str(token).decode_utf8().unwrap();
    let again = percent_encoding::utf8_percent_encode(&once, percent_encoding::NON_ALPHANUMERIC);
    assert_eq!(caller.get(&format!("{start}$skiptoken={again}")).await.status, 200);
}

#[tokio::test]
async fn rows_that_come_and_go_between_pages_neither_repeat_nor_hide_others() {
    let caller = with_accounts().await;
    let first = caller.get_preferring("accounts?$select=name", "odata.maxpagesize=2").await;
    let seen = first.body["value"].as_array().unwrap().clone();
    let gone = seen[0]["accountid"].as_str().unwrap().parse().unwrap();
    caller.dv.delete("account", gone);
    let rest = caller.get_preferring(first.link("@odata.nextLink").unwrap(), "odata.maxpagesize=9").await;
    let rest = rest.body["value"].as_array().unwrap();
    assert_eq!(rest.len(), 2);
    assert!(rest.iter().all(|row| !seen.contains(row)));
}

#[tokio::test]
async fn a_page_goes_on_after_the_values_of_its_last_row_whatever_became_of_it() {
    for gone in [true, false] {
        let caller = with_accounts().await;
        let path = "accounts?$select=name&$orderby=numberofemployees desc,name";
        let first = caller.get_preferring(path, "odata.maxpagesize=2").await;
        let rows = first.body["value"].as_array().unwrap();
        assert_eq!(texts(rows, "name"), ["Fabrikam & Sons", "Adatum"]);
        let last = rows[1]["accountid"].as_str().unwrap().parse().unwrap();
        if gone {
            caller.dv.delete("account", last);
        } else {
            caller.dv.edit("account", last, json!({ "numberofemployees": 500 }));
        }
        let rest = caller.get_preferring(first.link("@odata.nextLink").unwrap(), "odata.maxpagesize=9").await;
        assert_eq!(texts(rest.body["value"].as_array().unwrap(), "name"), ["Contoso", "O'Neil 50%"], "gone: {gone}");
    }
}

#[tokio::test]
async fn counts_end_at_five_thousand() {
    let caller = started().await;
    for number in 0..5002 {
        caller.dv.create("account", json!({ "name": format!("Account {number}") }));
    }
    let prefer = r#"odata.maxpagesize=1,odata.include-annotations="*""#;
    let answer = caller.get_preferring("accounts?$select=name&$count=true", prefer).await;
    assert_eq!(answer.body["@odata.count"], json!(5000));
    assert_eq!(answer.body["@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"], json!(true));
    assert_eq!(caller.get("accounts/$count").await.text, "5000");
    let whole = caller.got("accounts?$select=name").await;
    assert_eq!(whole["value"].as_array().map(Vec::len), Some(5000));
    assert!(whole["@odata.nextLink"].is_string());
    assert_eq!(whole["@odata.count"], Value::Null);
}
