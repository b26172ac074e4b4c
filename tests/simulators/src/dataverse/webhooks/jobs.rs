//! The system job behind a call, as people see it in `asyncoperations` (dataverse-api 5.6).

use super::deliveries::Outcome;
use super::steps::Notice;
use crate::dataverse::data::{Datum, Row};
use crate::dataverse::world::World;

/// WebhookPostRequestFailed and its like, as signed numbers.
const NON_SUCCESS: i32 = 0x8005_0201_u32.cast_signed();
const FAILED: i32 = 0x8005_0205_u32.cast_signed();

/// Leaves a row of the job that has ended; one that succeeded leaves none if its step says so.
pub(super) fn end(world: &mut World, notice: &Notice, outcome: Outcome, last_status: Option<u16>) {
    let succeeded = outcome == Outcome::Delivered;
    if succeeded && notice.auto_delete {
        return;
    }
    let mut row = Row::new(notice.operation);
    let now = Datum::Moment(world.stamps.now());
    let user = Datum::reference("systemuser", world.ids.application_user);
    let (status, code, friendly) = match (succeeded, last_status) {
        (true, _) => (30, 0, None),
        (false, Some(status)) => (31, NON_SUCCESS, Some(format!("The webhook call failed: http status {status}."))),
        (false, None) => (31, FAILED, Some("The webhook call failed: no answer.".to_owned())),
    };
    let cells = [
        ("asyncoperationid", Some(Datum::Id(notice.operation))),
        ("name", Some(Datum::text(&notice.step_name))),
        ("messagename", Some(Datum::text(notice.message.name()))),
        ("primaryentitytype", Some(Datum::text(&*notice.table))),
        ("operationtype", Some(Datum::Integer(1))),
        ("correlationid", Some(Datum::Id(notice.correlation))),
        ("owningextensionid", Some(Datum::reference("sdkmessageprocessingstep", notice.step))),
        ("statecode", Some(Datum::Integer(3))),
        ("statuscode", Some(Datum::Integer(status))),
        ("errorcode", Some(Datum::Integer(i64::from(code)))),
        ("friendlymessage", friendly.clone().map(Datum::Text)),
        ("message", friendly.map(Datum::Text)),
        ("completedon", Some(now.clone())),
        ("createdon", Some(now.clone())),
        ("modifiedon", Some(now)),
        ("ownerid", Some(user)),
    ];
    for (column, value) in cells {
        row.put(column, value);
    }
    world.store.put(&"asyncoperation".into(), row);
    world.store.commit();
}
