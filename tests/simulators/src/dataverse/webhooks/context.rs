//! The body of a call: a RemoteExecutionContext (dataverse-api 5.5).

use uuid::Uuid;

use super::body::{
    array, id, moment_with_offset, null, object, pair, reference, reference_members, text, type_of, value,
};
use super::steps::{Change, Message};
use crate::dataverse::data::{Datum, Row};
use crate::dataverse::rules::pipeline::Actor;
use crate::dataverse::schema::{Column, Name, Table};
use crate::dataverse::world::{ORGANIZATION_NAME, World};

/// Whether the large members are left out (5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trimmed {
    No,
    Yes,
}

/// Everything that a context is written from.
struct Writer<'a> {
    world: &'a World,
    actor: &'a Actor,
    step: &'a Row,
    change: &'a Change<'a>,
    operation: Uuid,
}

/// The body that one step is told of one change.
pub(super) fn body(
    world: &World,
    actor: &Actor,
    step: &Row,
    change: &Change<'_>,
    operation: Uuid,
    trimmed: Trimmed,
) -> String {
    Writer { world, actor, step, change, operation }.context(trimmed)
}

impl Writer<'_> {
    fn context(&self, trimmed: Trimmed) -> String {
        let whole = trimmed == Trimmed::No;
        let mut members = self.first_members();
        if whole {
            members.push(("InputParameters", array([pair("Target", self.target())])));
        }
        members.extend(self.middle_members());
        if whole {
            members.push(("ParentContext", self.parent()));
            members.push(("PostEntityImages", self.images(&[1, 2])));
            members.push(("PreEntityImages", self.images(&[0, 2])));
        }
        members.extend(self.primary_members());
        let mut variables = vec![pair("IsAutoTransact", "true".to_owned())];
        if !self.world.switches.tag_in_parent_context {
            variables.extend(self.tag());
        }
        members.push(("SharedVariables", array(variables)));
        members.extend(self.last_members(40));
        object(&members)
    }

    /// The main operation, in which the request's own variables stand.
    fn parent(&self) -> String {
        let mut members = self.first_members();
        let suppressed = pair("SuppressDuplicateDetection", "false".to_owned());
        members.push(("InputParameters", array([pair("Target", self.target()), suppressed])));
        members.extend(self.middle_members());
        members.push(("ParentContext", null()));
        members.push(("PostEntityImages", "[]".to_owned()));
        members.push(("PreEntityImages", "[]".to_owned()));
        members.extend(self.primary_members());
        let changed = object(&[
            ("__type", text("KeyValuePairOfstringstring:#System.Collections.Generic")),
            ("key", text(&self.change.table.name)),
            ("value", text(self.change.message.name())),
        ]);
        let mut variables = Vec::new();
        if self.world.switches.tag_in_parent_context {
            variables.extend(self.tag());
        }
        variables.push(pair("ChangedEntityTypes", array([changed])));
        members.push(("SharedVariables", array(variables)));
        members.extend(self.last_members(30));
        object(&members)
    }

    fn first_members(&self) -> Vec<(&'static str, String)> {
        vec![
            ("BusinessUnitId", id(self.world.ids.business_unit)),
            ("CorrelationId", id(self.actor.correlation)),
            ("Depth", "1".to_owned()),
            ("InitiatingUserAzureActiveDirectoryObjectId", id(Uuid::nil())),
            ("InitiatingUserId", id(self.actor.user)),
        ]
    }

    fn middle_members(&self) -> Vec<(&'static str, String)> {
        let created = self.world.stamps.exactly_now();
        let output = match self.change.message {
            Message::Create => array([pair("id", id(self.change.row.id))]),
            Message::Update | Message::Delete => "[]".to_owned(),
        };
        let step = reference_members("sdkmessageprocessingstep", self.step.id, self.step.text("name"));
        vec![
            ("IsExecutingOffline", "false".to_owned()),
            ("IsInTransaction", "false".to_owned()),
            ("IsOfflinePlayback", "false".to_owned()),
            ("IsolationMode", "1".to_owned()),
            ("MessageName", text(self.change.message.name())),
            ("Mode", self.step.integer("mode").unwrap_or(1).to_string()),
            ("OperationCreatedOn", moment_with_offset(created)),
            ("OperationId", id(self.operation)),
            ("OrganizationId", id(self.world.ids.organization)),
            ("OrganizationName", text(ORGANIZATION_NAME)),
            ("OutputParameters", output),
            ("OwningExtension", object(&step)),
        ]
    }

    fn primary_members(&self) -> Vec<(&'static str, String)> {
        vec![
            ("PrimaryEntityId", id(self.change.row.id)),
            ("PrimaryEntityName", text(&self.change.table.name)),
            ("RequestId", null()),
            ("SecondaryEntityName", text("none")),
        ]
    }

    fn last_members(&self, stage: u32) -> Vec<(&'static str, String)> {
        vec![
            ("Stage", stage.to_string()),
            ("UserAzureActiveDirectoryObjectId", id(Uuid::nil())),
            ("UserId", id(self.actor.user)),
        ]
    }

    fn tag(&self) -> Option<String> {
        self.actor.tag.as_deref().map(|tag| pair("tag", text(tag)))
    }

    /// A reference to what is deleted; of an update the cells that were named and the stamps; of a new row everything.
    fn target(&self) -> String {
        let (table, row) = (self.change.table, self.change.row);
        match (self.change.message, self.change.update) {
            (Message::Delete, _) => reference(&table.name, row.id, None),
            (Message::Update, Some((_, cells))) => {
                let mut attributes: Vec<(&Column, Option<&Datum>)> = cells
                    .keys()
                    .filter_map(|name| table.column(name))
                    .map(|column| (column, row.get(&column.name)))
                    .collect();
                for stamp in ["modifiedon", "modifiedby"] {
                    attributes.extend(table.column(stamp).map(|column| (column, row.get(stamp))));
                }
                let nobody = table.column("modifiedonbehalfby").map(|column| (column, None));
                attributes.extend(nobody);
                attributes.extend(table.column(&table.id).map(|column| (column, row.get(&table.id))));
                self.entity(&attributes, true)
            }
            (Message::Create | Message::Update, _) => self.entity(&cells_of(table, row, None), true),
        }
    }

    fn entity(&self, attributes: &[(&Column, Option<&Datum>)], typed: bool) -> String {
        let (row, table) = (self.change.row, self.change.table);
        let scale = self.world.switches.money_scale;
        let formatted = attributes.iter().filter_map(|(column, datum)| {
            let label = column.label_of((*datum)?.as_integer()?)?;
            Some(pair(&column.name, text(label)))
        });
        let pairs = attributes.iter().map(|(column, datum)| pair(&column.name, value(column, *datum, scale)));
        let mut members = vec![
            ("Attributes", array(pairs)),
            ("EntityState", null()),
            ("FormattedValues", array(formatted)),
            ("Id", id(row.id)),
            ("KeyAttributes", "[]".to_owned()),
            ("LogicalName", text(&table.name)),
            ("RelatedEntities", "[]".to_owned()),
            ("RowVersion", null()),
        ];
        if typed {
            members.insert(0, type_of("Entity"));
        }
        object(&members)
    }

    /// The images that the step asked for, and after a change the row's name.
    fn images(&self, kinds: &[i64]) -> String {
        let before = kinds.contains(&0);
        let source = match (before, self.change.message, self.change.update) {
            (true, Message::Update, Some((row, _))) => Some(row),
            (true, Message::Delete, _) | (false, Message::Create | Message::Update, _) => Some(self.change.row),
            _ => None,
        };
        let Some(source) = source else { return "[]".to_owned() };
        let mut images = Vec::new();
        if !before {
            let named = [&self.change.table.primary_name, &self.change.table.id];
            let cells = named.into_iter().filter_map(|name| self.change.table.column(name));
            let cells: Vec<_> = cells.map(|column| (column, source.get(&column.name))).collect();
            images.push(pair("AsynchronousStepPrimaryName", self.entity(&cells, false)));
        }
        let wanted = self.world.store.pointing(
            "sdkmessageprocessingstepimage",
            &Name::from("sdkmessageprocessingstepid"),
            self.step.id,
        );
        for image in wanted.into_iter().filter_map(|id| self.world.store.get("sdkmessageprocessingstepimage", id)) {
            if image.integer("imagetype").is_some_and(|kind| kinds.contains(&kind)) {
                let cells = cells_of(self.change.table, source, image.text("attributes"));
                images.push(pair(image.text("entityalias").unwrap_or_default(), self.entity(&cells, false)));
            }
        }
        array(images)
    }
}

/// The cells of a row that hold something, or those named.
fn cells_of<'a>(table: &'a Table, row: &'a Row, named: Option<&str>) -> Vec<(&'a Column, Option<&'a Datum>)> {
    let wanted = |column: &Column| match named {
        Some(named) => named.split(',').any(|name| name.trim() == &*column.name),
        None => true,
    };
    let columns = table.columns.iter().filter(|column| column.readable && wanted(column));
    columns.filter(|column| row.get(&column.name).is_some()).map(|column| (column, row.get(&column.name))).collect()
}
