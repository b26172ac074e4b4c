//! Registers an endpoint and its steps as `cosell install` does: for opportunities, leads and solution rows, updates
//! filtered by what sellers and the mapping know, never by what the sync alone writes (design 5, dataverse-api 5.2).

use std::sync::Arc;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::steps::Message;
use crate::dataverse::answers::{Answer, Refused};
use crate::dataverse::odata::payload::{self, ContentIds};
use crate::dataverse::rules::pipeline::{self, Actor};
use crate::dataverse::schema::{Name, Table};
use crate::dataverse::world::World;

const ENDPOINT_NAME: &str = "Cosell";
const TABLES: [(&str, &str); 3] = [
    (
        "opportunity",
        "name,description,estimatedvalue,estimatedclosedate,transactioncurrencyid,customerid,parentaccountid,\
         parentcontactid,ownerid,statecode,statuscode",
    ),
    (
        "lead",
        "subject,companyname,firstname,lastname,emailaddress1,telephone1,description,estimatedamount,\
         estimatedclosedate,transactioncurrencyid,address1_line1,address1_city,address1_stateorprovince,\
         address1_postalcode,address1_country,ownerid,statecode,statuscode",
    ),
    ("cosell_solution", "cosell_name,cosell_code,cosell_opportunityid,cosell_detailid,statecode,statuscode"),
];
/// What a seller fills in.
const SELLER: &str = "cosell_sync,cosell_help,cosell_visible,cosell_notestomicrosoft,cosell_response,cosell_reason,\
                      cosell_marketplaceintent";

/// Takes an address for all changes; one that was registered before is removed.
pub(crate) fn register(world: &mut World, url: &str, key: &str) -> Answer<()> {
    let actor = Actor::seller(world);
    remove_earlier(world, &actor)?;
    let settings = format!("<settings><setting name=\"x-cosell-key\" value=\"{key}\" /></settings>");
    let endpoint = json!({
        "name": ENDPOINT_NAME, "url": url, "contract": 8, "authtype": 5, "authvalue": settings,
    });
    let endpoint = create(world, &actor, "serviceendpoint", endpoint)?;
    for (table, columns) in TABLES {
        let Some(table) = world.table(table) else { continue };
        for message in [Message::Create, Message::Update, Message::Delete] {
            let filter = world.stamps.id_of(&format!("filter {} {}", message.name(), table.name));
            let message_id = world.stamps.id_of(&format!("message {}", message.name()));
            let mut step = json!({
                "name": format!("Cosell: {} {}", table.name, message.name()),
                "stage": 40, "mode": 1, "rank": 1, "supporteddeployment": 0, "asyncautodelete": true,
                "eventhandler_serviceendpoint@odata.bind": format!("/serviceendpoints({endpoint})"),
                "sdkmessageid@odata.bind": format!("/sdkmessages({message_id})"),
                "sdkmessagefilterid@odata.bind": format!("/sdkmessagefilters({filter})"),
            });
            if message == Message::Update {
                step["filteringattributes"] = json!(known(&table, columns));
            }
            create(world, &actor, "sdkmessageprocessingstep", step)?;
        }
    }
    Ok(())
}

fn known(table: &Table, columns: &str) -> String {
    let names = columns.split(',').chain(SELLER.split(','));
    names.filter(|name| table.column(name).is_some()).collect::<Vec<_>>().join(",")
}

fn remove_earlier(world: &mut World, actor: &Actor) -> Answer<()> {
    let named = |row: &&crate::dataverse::data::Row| row.text("name") == Some(ENDPOINT_NAME);
    let endpoints: Vec<Uuid> = world.store.rows("serviceendpoint").filter(named).map(|row| row.id).collect();
    for endpoint in endpoints {
        for step in world.store.pointing("sdkmessageprocessingstep", &Name::from("eventhandler"), endpoint) {
            delete(world, actor, "sdkmessageprocessingstep", step)?;
        }
        delete(world, actor, "serviceendpoint", endpoint)?;
    }
    Ok(())
}

fn create(world: &mut World, actor: &Actor, name: &str, payload: Value) -> Answer<Uuid> {
    let table = table(world, name)?;
    let payload: Map<String, Value> = payload.as_object().cloned().unwrap_or_default();
    let submission = payload::read(world, &table, &payload, &ContentIds::new())?;
    pipeline::create(world, actor, &table, submission)
}

fn delete(world: &mut World, actor: &Actor, name: &str, id: Uuid) -> Answer<()> {
    let table = table(world, name)?;
    pipeline::delete(world, actor, &table, id)
}

fn table(world: &World, name: &str) -> Answer<Arc<Table>> {
    world.table(name).ok_or_else(|| Refused::no_segment(name))
}
