//! Money and currencies (dataverse-api 6.1, 6.3).

use serde_json::{Value, json};

use crate::caller::{Caller, started, text};

async fn stored(caller: &Caller, currency: &str, amount: &str) -> Value {
    let amount: Value = serde_json::from_str(amount).unwrap();
    let body = json!({
        "name": "Deal", "estimatedvalue": amount,
        "transactioncurrencyid@odata.bind": format!("/transactioncurrencies({})", caller.currency(currency)),
    });
    let id = caller.created("opportunities", &body).await;
    caller.dv.row("opportunity", id).unwrap()
}

#[tokio::test]
async fn amounts_are_rounded_to_their_currency_and_shown_with_four_decimals() {
    let caller = started().await;
    let cases = [
        ("EUR", "12.345", "12.3500"),
        ("EUR", "12.344", "12.3400"),
        ("EUR", "0.1", "0.1000"),
        ("EUR", "-12.345", "-12.3500"),
        ("EUR", "1e3", "1000.0000"),
        ("EUR", "123456789012.34", "123456789012.3400"),
        ("JPY", "1234.5", "1235.0000"),
    ];
    for (currency, given, expected) in cases {
        assert_eq!(
            stored(&caller, currency, given).await["estimatedvalue"].to_string(),
            expected,
            "{currency} {given}"
        );
    }
    caller.dv.switches(|switches| switches.money_scale = 0);
    assert_eq!(stored(&caller, "EUR", "300000.250").await["estimatedvalue"].to_string(), "300000.25");
}

#[tokio::test]
async fn every_amount_has_a_twin_in_the_organisations_currency() {
    let caller = started().await;
    let row = stored(&caller, "USD", "125").await;
    assert_eq!(
        (row["exchangerate"].to_string(), row["estimatedvalue_base"].to_string()),
        ("1.25".to_owned(), "100.0000".to_owned())
    );
    // The twin cannot be written.
    let path = format!("opportunities({})", text(&row, "/opportunityid"));
    caller.changed(&path, &json!({ "estimatedvalue_base": 7 })).await;
    assert_eq!(caller.got(&path).await["estimatedvalue_base"].to_string(), "100.0000");
}

#[tokio::test]
async fn a_row_without_a_currency_gets_the_organisations() {
    let caller = started().await;
    let id = caller.created("opportunities", &json!({ "name": "Deal" })).await;
    let row = caller.dv.row("opportunity", id).unwrap();
    assert_eq!(text(&row, "/_transactioncurrencyid_value"), caller.currency("EUR"));
    assert_eq!(row["estimatedvalue"], Value::Null);
}

#[tokio::test]
async fn the_currency_of_a_deal_with_values_stays_unless_switched() {
    let caller = started().await;
    let row = stored(&caller, "EUR", "100").await;
    let path = format!("opportunities({})", text(&row, "/opportunityid"));
    let pounds =
        json!({ "transactioncurrencyid@odata.bind": format!("/transactioncurrencies({})", caller.currency("GBP")) });
    assert_eq!(caller.patch(&path, &[], &pounds).await.refusal(), (400, "0x80048479"));
    // The same currency again is no change, and a deal without values is free.
    let euros =
        json!({ "transactioncurrencyid@odata.bind": format!("/transactioncurrencies({})", caller.currency("EUR")) });
    caller.changed(&path, &euros).await;
    let id = caller.created("opportunities", &json!({ "name": "Without values" })).await;
    caller.changed(&format!("opportunities({id})"), &pounds).await;
    caller.dv.switches(|switches| switches.currency_locked_by_values = false);
    caller.changed(&path, &pounds).await;
    assert_eq!(caller.got(&path).await["estimatedvalue_base"].to_string(), "125.0000");
}

#[tokio::test]
async fn a_revenue_that_the_system_calculates_cannot_be_written() {
    let caller = started().await;
    let body = json!({ "name": "Deal", "estimatedvalue": 100, "isrevenuesystemcalculated": true });
    let id = caller.created("opportunities", &body).await;
    let path = format!("opportunities({id})");
    assert_eq!(caller.got(&path).await["estimatedvalue"].to_string(), "0.0000");
    caller.changed(&path, &json!({ "isrevenuesystemcalculated": false, "estimatedvalue": 100 })).await;
    assert_eq!(caller.got(&path).await["estimatedvalue"].to_string(), "100.0000");
}

#[tokio::test]
async fn currencies_are_found_by_their_code() {
    let caller = started().await;
    let path = "transactioncurrencies?$select=isocurrencycode,currencyprecision&$filter=isocurrencycode eq ";
    assert_eq!(caller.rows(&format!("{path}'jpy'")).await[0]["currencyprecision"], json!(0));
    assert!(caller.rows(&format!("{path}'CHF'")).await.is_empty());
}
