//! Leads: whom a new one belongs to, the one that exists already, and how one is qualified (dataverse-api 6.2, 6.5).

use dataverse::{Key, Query, quoted};
use serde_json::{Map, Value, json};
use store::Store;
use sync_core::{
    BySide, Code, Effect, Entity, FieldId, Fields, Pair, Phase, ReferralId, Side, Snapshot, Standing, reading,
};
use uuid::Uuid;

use crate::acts::Acted;
use crate::effect::half_of;
use crate::halves::Account;
use crate::request::{self, Plan, Request};
use crate::session::{Session, Work};
use crate::sides::{ACCOUNTS, Seen};
use crate::tables::LEADS;
use crate::telling::blocker;
use crate::trouble::Trouble;
use crate::{Engine, Error};

/// The entity set of contacts.
const CONTACTS: &str = "contacts";
/// Status reason Qualified (dataverse-api 6.2).
const QUALIFIED: i64 = 3;

impl<S: Store> Engine<S> {
    /// The lead that carries the referral's id. What has become of it since is worked as an act; only one that was
    /// qualified without an opportunity is no half for a referral that was answered.
    pub(crate) async fn claimed_lead(&self, key: &Key, referral: &Snapshot) -> Result<Option<Pair>, Trouble> {
        let seen = self.read_row(Entity::Lead, key).await?;
        let Some(row) = &seen.raw else { return Ok(None) };
        let qualified = self.mapping.standing(Entity::Lead, row) == Some(Standing::Qualified);
        if qualified && referral.phase != Phase::Unanswered && self.heir(&seen).await?.is_none() {
            return Ok(None);
        }
        Ok(half_of(Entity::Lead, row))
    }

    /// The referral of the lead that an opportunity came of.
    pub(crate) async fn referral_of_origin(&self, opportunity: &Seen) -> Result<Option<ReferralId>, Trouble> {
        let Some(lead) = opportunity.id_of("originatingleadid") else { return Ok(None) };
        let column = self.mapping.own().referral_id.as_str();
        let row = match self.dataverse.get(LEADS, &Key::Primary(lead), &[column], None).await {
            Ok(row) => row,
            Err(dataverse::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(Trouble::of_crm(&error)),
        };
        let claimed = row.text(column).and_then(partner_center::ReferralId::parse);
        let Some(claimed) = claimed.map(|id| ReferralId::new(id.as_str())) else { return Ok(None) };
        Ok(self.referral_exists(&claimed).await?.then_some(claimed))
    }

    /// The account and the contact that a new lead belongs to, if the CRM has them: qualifying it makes no others then.
    pub(crate) async fn parents_of_lead(&self, referral: &Snapshot) -> Result<Map<String, Value>, Trouble> {
        let mut columns = Map::new();
        if let Account::Use(account) = self.account(referral).await? {
            columns.insert("parentaccountid@odata.bind".to_owned(), json!(format!("/{ACCOUNTS}({account})")));
        }
        if let Some(contact) = self.contact(&referral.fields).await? {
            columns.insert("parentcontactid@odata.bind".to_owned(), json!(format!("/{CONTACTS}({contact})")));
        }
        Ok(columns)
    }

    /// The one active contact with the e-mail address of the lead's person.
    async fn contact(&self, fields: &Fields) -> Result<Option<Uuid>, Trouble> {
        let Some(email) = reading(fields, &FieldId::new("lead_email")).value() else { return Ok(None) };
        let filter = format!("statecode eq 0 and emailaddress1 eq {}", quoted(email.as_str()));
        let query = Query { select: &["contactid"], filter: Some(filter), top: Some(2), ..Query::default() };
        match self.dataverse.query(CONTACTS, &query).await {
            Ok(rows) => Ok(match rows.as_slice() {
                [one] => one.id_of("contactid"),
                _ => None,
            }),
            // A role that may not read contacts does without them.
            Err(dataverse::Error::Denied { .. }) => Ok(None),
            Err(error) => Err(Trouble::of_crm(&error)),
        }
    }

    /// Qualifies the lead. Its account is found or made as an opportunity's is, so that two leads of one customer make
    /// one account.
    pub(crate) async fn qualify(&self, work: &mut Work, session: &mut Session) -> Result<Acted, Error> {
        if !self.policy.write.allows(Side::Crm) {
            return Ok(Acted::Nothing(None));
        }
        let (Some(referral), Some(lead)) = (session.seen.partner_center.clone(), session.seen.crm.clone()) else {
            return Ok(Acted::Nothing(None));
        };
        let Some(customer) = referral.snapshot() else { return Ok(Acted::Nothing(None)) };
        let account = match lead.id_of("parentaccountid") {
            Some(account) => Ok(Account::Use(account)),
            None => self.account(customer).await,
        };
        let account = match account {
            Ok(Account::Use(account)) => Some(account),
            Ok(Account::None) => None,
            Ok(Account::Make(key, columns)) => {
                let intent = self.new_account(key, columns);
                return Ok(Acted::Went(self.carry_out(work, session, intent).await?));
            }
            Ok(Account::Ambiguous) => {
                let text = "several accounts match the customer: merge them, or set the account of the lead by hand";
                return Ok(Acted::Nothing(Some(blocker(Code::AccountAmbiguous, text))));
            }
            Err(trouble) => return Ok(Acted::Went(self.trouble(work, Side::Crm, &trouble))),
        };
        let body = match self.qualification(&lead, account).await {
            Ok(body) => body,
            Err(trouble) => return Ok(Acted::Went(self.trouble(work, Side::Crm, &trouble))),
        };
        if let Some(turn) = self.brake(work).await? {
            return Ok(Acted::Went(turn));
        }
        let plan = Plan {
            side: Side::Crm,
            effect: Effect::Qualify,
            sent: Fields::new(),
            seen: &BySide::default(),
            target_etag: session.etag(&work.link, Side::Crm),
            tells: None,
        };
        let request = Request::QualifyLead(body);
        let intent = request::intent(request::new_id(), plan, &request, &self.lead_policy, (self.clock)());
        Ok(Acted::Went(self.carry_out(work, session, intent).await?))
    }

    /// The parameters of QualifyLead. Parents that the lead has are reused by the server; a contact without an e-mail
    /// address is not made, and no second one with the same.
    async fn qualification(&self, lead: &Seen, account: Option<Uuid>) -> Result<Value, Trouble> {
        let Some(snapshot) = lead.snapshot() else { return Ok(Value::Null) };
        let known = |id: &str| reading(&snapshot.fields, &FieldId::new(id)).value();
        let has_contact = lead.id_of("parentcontactid").is_some();
        let is_new_person = known("lead_email").is_some() && known("lead_last_name").is_some() && !has_contact;
        let make_contact = is_new_person && self.contact(&snapshot.fields).await?.is_none();
        let mut body = json!({
            "CreateAccount": account.is_none() && known("lead_company").is_some(),
            "CreateContact": make_contact,
            "CreateOpportunity": true,
            "Status": QUALIFIED,
        });
        if let Some(account) = account {
            let table = "Microsoft.Dynamics.CRM.account";
            body["OpportunityCustomerId"] = json!({ "@odata.type": table, "accountid": account });
        }
        let currencies = self.currencies().await?;
        if let Some(currency) = known("lead_currency").and_then(|code| currencies.id(code.as_str())) {
            let table = "Microsoft.Dynamics.CRM.transactioncurrency";
            body["OpportunityCurrencyId"] = json!({ "@odata.type": table, "transactioncurrencyid": currency });
        }
        Ok(body)
    }
}
