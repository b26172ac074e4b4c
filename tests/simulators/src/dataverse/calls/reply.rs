//! A call and its reply, apart from HTTP's transport, so that a batch can hold many.

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::dataverse::answers::{Answer, Refused};
use crate::dataverse::odata::annotations::Preferences;
use crate::dataverse::odata::options::Options;
use crate::dataverse::odata::payload::ContentIds;
use crate::dataverse::rules::pipeline::Actor;
use crate::dataverse::schema::Table;
use crate::dataverse::world::World;

/// One call.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// Below the service root, percent-encoded.
    pub(crate) path: String,
    /// The query string as it came.
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// What `$1` stands for within a change set.
    pub(crate) content_ids: ContentIds,
}

/// Its reply.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Option<Value>,
    /// `OData-EntityId`, and for a new row `Location`.
    pub(crate) entity: Option<String>,
    pub(crate) preference_applied: Option<String>,
    pub(crate) etag: Option<String>,
    /// Operations of a batch beyond the first, which cost time but are no requests (2.10, 3.1).
    pub(crate) further_operations: u64,
    /// Another media type than JSON.
    pub(crate) content_type: Option<String>,
    /// The row made, for `$1`.
    pub(crate) made: Option<(crate::dataverse::schema::Name, Uuid)>,
}

impl Reply {
    pub(crate) fn no_content() -> Self {
        Self { status: 204, ..Self::default() }
    }

    pub(crate) fn refused(refused: &Refused) -> Self {
        Self { status: refused.status, body: Some(refused.body()), ..Self::default() }
    }

    /// `$count` and `$value` are bare text, and so is a batch; everything else is JSON.
    pub(crate) fn text_of(body: &Value) -> String {
        match body {
            Value::String(text) => text.clone(),
            body => body.to_string(),
        }
    }

    pub(crate) fn json(body: Value) -> Self {
        Self { status: 200, body: Some(body), ..Self::default() }
    }

    /// 204 that names a row.
    pub(crate) fn entity(world: &World, table: &Table, id: Uuid) -> Self {
        Self {
            entity: Some(format!("{}{}({id})", world.root(), table.set)),
            made: Some((table.name.clone(), id)),
            ..Self::no_content()
        }
    }
}

impl Call {
    pub(crate) fn options(&self) -> Answer<Options> {
        Options::read(&self.query)
    }

    pub(crate) fn preferences(&self) -> Preferences {
        Preferences::of(&self.headers)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The JSON object in the body, which must be said to be JSON (2.2).
    pub(crate) fn payload(&self) -> Answer<Map<String, Value>> {
        let media_type = self.header("content-type").unwrap_or_default();
        if !self.body.is_empty() && !media_type.starts_with("application/json") {
            let message = "The Content-Type of the request is missing or not supported; use application/json.";
            return Err(Refused::new(415, "0x8006088a", message));
        }
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(payload)) => Ok(payload),
            _ => Err(Refused::payload("The request body is not a JSON object.")),
        }
    }

    /// Who acts: the application user, or whom it stands in for (2.3).
    pub(crate) fn actor(&self, world: &mut World) -> Answer<Actor> {
        let user = self.impersonated(world)?.unwrap_or(world.ids.application_user);
        let correlation = world.stamps.id();
        let bypass = self.header("mscrm.bypassbusinesslogicexecution").unwrap_or_default();
        if !bypass.is_empty() {
            crate::dataverse::rules::rights::needs(world, "prvBypassCustomBusinessLogic")?;
        }
        let steps = self.header("mscrm.bypassbusinesslogicexecutionstepids").unwrap_or_default();
        let bypass_steps: Vec<Uuid> = steps.split(',').filter_map(|id| Uuid::try_parse(id.trim()).ok()).collect();
        if bypass_steps.len() > BYPASSED_STEPS_MOST {
            let message = format!("At most {BYPASSED_STEPS_MOST} step ids can be bypassed in one request.");
            return Err(Refused::invalid(message));
        }
        Ok(Actor {
            user,
            bound: true,
            correlation,
            tag: self.options().ok().and_then(|options| options.tag),
            bypass: bypass.split(',').any(|part| part.trim().eq_ignore_ascii_case("CustomAsync")),
            bypass_steps,
        })
    }

    fn impersonated(&self, world: &World) -> Answer<Option<Uuid>> {
        let header = |name: &str| self.header(name).and_then(|id| Uuid::try_parse(id.trim()).ok());
        let user = match (header("callerobjectid"), header("mscrmcallerid")) {
            (Some(object), _) => {
                let is = |row: &&crate::dataverse::data::Row| {
                    row.get("azureactivedirectoryobjectid") == Some(&crate::dataverse::data::Datum::Id(object))
                };
                let user = world.store.rows("systemuser").find(is).map(|row| row.id);
                Some(user.ok_or_else(|| Refused::no_such_row("systemuser", object))?)
            }
            (None, Some(user)) => {
                let row = world.store.get("systemuser", user);
                Some(row.ok_or_else(|| Refused::no_such_row("systemuser", user))?.id)
            }
            (None, None) => None,
        };
        if user.is_some() && crate::dataverse::rules::rights::needs(world, "prvActOnBehalfOfAnotherUser").is_err() {
            let message = "The caller cannot act on behalf of another user.";
            return Err(Refused::new(403, "0x8004A110", message));
        }
        Ok(user)
    }
}

/// Step ids in one request (2.3).
const BYPASSED_STEPS_MOST: usize = 3;
