//! Users, currencies, and what installers and integrations are made of: publishers, solutions, endpoints, steps, jobs,
//! forms, settings (dataverse-api 5.1, 5.2, 5.3, 6.3, 7). Rows of these tables drive the simulator.

use super::build::Made;
use super::column::{boolean, date_time, decimal, integer, lookup, made, memo, options, text};
use super::{Kind, Table, table};

const ANY: i64 = i32::MAX as i64;

pub(super) fn tables() -> Vec<Table> {
    let people = [organization(), business_unit(), user(), team(), currency()];
    let webhooks = [endpoint(), message(), filter(), step(), step_image(), job()];
    let installing = [publisher(), solution(), component(), form(), variable(), variable_value(), import_job()];
    people.into_iter().chain(webhooks).chain(installing).collect()
}

fn organization() -> Table {
    table("organization", "organizations", "name").with_type_code(1019).stamped().with([
        text("name", 160),
        integer("expirechangetrackingindays", 0, 365),
        integer("languagecode", 0, ANY),
        text("schemanameprefix", 8),
        lookup("basecurrencyid", "transactioncurrency", "basecurrency_organization"),
    ])
}

fn business_unit() -> Table {
    table("businessunit", "businessunits", "name").with_type_code(10).stamped().with([
        text("name", 160).required(),
        lookup("parentbusinessunitid", "businessunit", "business_unit_parent_business_unit"),
        boolean("isdisabled").read_only(),
    ])
}

fn user() -> Table {
    table("systemuser", "systemusers", "fullname").with_type_code(8).stamped().with([
        text("fullname", 200).read_only(),
        text("firstname", 256),
        text("lastname", 256),
        text("domainname", 1024),
        text("internalemailaddress", 100),
        text("address1_telephone1", 64),
        text("mobilephone", 64),
        made("applicationid", Kind::Guid),
        made("azureactivedirectoryobjectid", Kind::Guid),
        boolean("isdisabled"),
        lookup("businessunitid", "businessunit", "business_unit_system_users"),
        lookup("transactioncurrencyid", "transactioncurrency", "transactioncurrency_systemuser"),
    ])
}

fn team() -> Table {
    table("team", "teams", "name").with_type_code(9).stamped().with([
        text("name", 160).required(),
        options("teamtype", &[(0, "Owner"), (1, "Access")]).starting_at(0),
        lookup("businessunitid", "businessunit", "business_unit_teams"),
    ])
}

fn currency() -> Table {
    table("transactioncurrency", "transactioncurrencies", "currencyname")
        .with_type_code(9105)
        .tracked()
        .stamped()
        .with_activity()
        .with([
            text("currencyname", 100).required(),
            text("isocurrencycode", 5).required(),
            text("currencysymbol", 10),
            integer("currencyprecision", 0, 10),
            options("currencytype", &[(0, "System"), (1, "Custom")]).starting_at(0),
            decimal("exchangerate", 12).required(),
        ])
}

fn endpoint() -> Table {
    table("serviceendpoint", "serviceendpoints", "name").with_type_code(4618).stamped().with([
        text("name", 256).required(),
        text("description", 2000),
        text("url", 2000),
        text("path", 160),
        text("solutionnamespace", 160),
        options(
            "contract",
            &[
                (1, "OneWay"),
                (2, "Queue"),
                (3, "Rest"),
                (4, "TwoWay"),
                (5, "Topic"),
                (6, "Queue (Persistent)"),
                (7, "Event Hub"),
                (8, "Webhook"),
                (9, "Event Grid"),
                (10, "Managed Data Lake"),
            ],
        ),
        options(
            "authtype",
            &[
                (1, "ACS"),
                (2, "SAS Key"),
                (3, "SAS Token"),
                (4, "Webhook Key"),
                (5, "HTTP Header"),
                (6, "HTTP Query String"),
                (7, "Connection String"),
                (8, "Access Key"),
            ],
        ),
        text("authvalue", 2048).hidden(),
        boolean("isauthvalueset").read_only(),
        options("messageformat", &[(1, "Binary XML"), (2, "Json"), (3, "Text XML")]).starting_at(2),
        options("messagecharset", &[(0, "Default"), (1, "UTF-8")]).starting_at(0),
        options("connectionmode", &[(1, "Normal"), (2, "Federated")]).starting_at(1),
        options("userclaim", &[(1, "None"), (2, "UserId"), (3, "UserInfo")]).starting_at(1),
    ])
}

fn message() -> Table {
    table("sdkmessage", "sdkmessages", "name").with_type_code(4606).stamped().with([text("name", 256)])
}

fn filter() -> Table {
    table("sdkmessagefilter", "sdkmessagefilters", "primaryobjecttypecode").with_type_code(4607).stamped().with([
        text("primaryobjecttypecode", 128),
        text("secondaryobjecttypecode", 128),
        boolean("iscustomprocessingstepallowed"),
        lookup("sdkmessageid", "sdkmessage", "sdkmessageid_sdkmessagefilter"),
    ])
}

fn step() -> Table {
    table("sdkmessageprocessingstep", "sdkmessageprocessingsteps", "name")
        .with_type_code(4608)
        .stamped()
        .with_states(&[(0, "Enabled"), (1, "Disabled")], &[(1, "Enabled", 0), (2, "Disabled", 1)])
        .with([
            text("name", 256),
            text("description", 256),
            options("stage", &[(10, "Pre-validation"), (20, "Pre-operation"), (40, "Post-operation")]).required(),
            options("mode", &[(0, "Synchronous"), (1, "Asynchronous")]).required(),
            integer("rank", 0, ANY),
            options("supporteddeployment", &[(0, "Server Only"), (1, "Outlook Only"), (2, "Both")]).starting_at(0),
            options("invocationsource", &[(-1, "Internal"), (0, "Parent"), (1, "Child")]).starting_at(0),
            memo("filteringattributes", 100_000),
            memo("configuration", 1_073_741_823),
            boolean("asyncautodelete"),
            lookup("sdkmessageid", "sdkmessage", "sdkmessageid_sdkmessageprocessingstep").required(),
            lookup("sdkmessagefilterid", "sdkmessagefilter", "sdkmessagefilterid_sdkmessageprocessingstep"),
            lookup("impersonatinguserid", "systemuser", "impersonatinguserid_sdkmessageprocessingstep"),
            lookup("eventhandler", "serviceendpoint", "serviceendpoint_sdkmessageprocessingstep")
                .navigated("eventhandler_serviceendpoint", "serviceendpoint_sdkmessageprocessingstep")
                .restricting(),
        ])
}

fn step_image() -> Table {
    table("sdkmessageprocessingstepimage", "sdkmessageprocessingstepimages", "name")
        .with_type_code(4615)
        .stamped()
        .with([
            text("name", 256),
            text("entityalias", 256).required(),
            text("messagepropertyname", 256).required(),
            memo("attributes", 100_000),
            options("imagetype", &[(0, "PreImage"), (1, "PostImage"), (2, "Both")]).required(),
            lookup(
                "sdkmessageprocessingstepid",
                "sdkmessageprocessingstep",
                "sdkmessageprocessingstepid_sdkmessageprocessingstepimage",
            )
            .going_along(),
        ])
}

fn job() -> Table {
    table("asyncoperation", "asyncoperations", "name")
        .with_type_code(4700)
        .owned()
        .with_states(
            &[(0, "Ready"), (1, "Suspended"), (2, "Locked"), (3, "Completed")],
            &[
                (0, "Waiting For Resources", 0),
                (10, "Waiting", 1),
                (20, "In Progress", 2),
                (21, "Pausing", 2),
                (22, "Canceling", 2),
                (30, "Succeeded", 3),
                (31, "Failed", 3),
                (32, "Canceled", 3),
            ],
        )
        .with([
            text("name", 256),
            made("operationtype", Kind::Integer { least: 0, most: ANY }),
            made("correlationid", Kind::Guid),
            text("messagename", 160),
            text("primaryentitytype", 128),
            memo("message", 1_073_741_823),
            memo("friendlymessage", 1_073_741_823),
            made("errorcode", Kind::Integer { least: i32::MIN as i64, most: ANY }),
            integer("retrycount", 0, ANY),
            date_time("startedon"),
            date_time("completedon"),
            lookup("owningextensionid", "sdkmessageprocessingstep", "SdkMessageProcessingStep_AsyncOperations"),
        ])
}

fn publisher() -> Table {
    table("publisher", "publishers", "friendlyname")
        .with_type_code(7101)
        .stamped()
        .with([
            text("uniquename", 256).required(),
            text("friendlyname", 256).required(),
            text("description", 2000),
            text("customizationprefix", 8).required(),
            made("customizationoptionvalueprefix", Kind::Integer { least: 10_000, most: 99_999 }),
        ])
        .with_key("publisher_uniquename", &["uniquename"])
}

fn solution() -> Table {
    table("solution", "solutions", "friendlyname")
        .with_type_code(7100)
        .stamped()
        .with([
            text("uniquename", 65).required(),
            text("friendlyname", 256).required(),
            text("description", 2000),
            text("version", 256).required(),
            boolean("ismanaged").read_only(),
            lookup("publisherid", "publisher", "publisher_solution").required().restricting(),
        ])
        .with_key("solution_uniquename", &["uniquename"])
}

fn component() -> Table {
    table("solutioncomponent", "solutioncomponents", "componenttype").with_type_code(7103).stamped().with([
        made("componenttype", Kind::Integer { least: 0, most: ANY }),
        made("objectid", Kind::Guid),
        lookup("solutionid", "solution", "solution_solutioncomponent").going_along(),
    ])
}

fn form() -> Table {
    table("systemform", "systemforms", "name").with_id("formid").with_type_code(1030).stamped().with([
        text("name", 256),
        text("objecttypecode", 128),
        options("type", &[(2, "Main"), (6, "Quick View Form"), (7, "Quick Create"), (11, "Card")]),
        memo("formxml", 1_073_741_823),
        boolean("isdefault"),
    ])
}

fn variable() -> Table {
    table("environmentvariabledefinition", "environmentvariabledefinitions", "schemaname")
        .with_type_code(380)
        .owned()
        .with_activity()
        .with([
            text("schemaname", 100).required(),
            text("displayname", 100),
            text("description", 2000),
            memo("defaultvalue", 2000),
            boolean("isrequired"),
            options(
                "type",
                &[
                    (100_000_000, "String"),
                    (100_000_001, "Number"),
                    (100_000_002, "Boolean"),
                    (100_000_003, "JSON"),
                    (100_000_004, "Data source"),
                    (100_000_005, "Secret"),
                ],
            )
            .starting_at(100_000_000),
        ])
        .with_key("environmentvariabledefinition_schemaname", &["schemaname"])
}

fn variable_value() -> Table {
    let definition = "environmentvariabledefinition_environmentvariablevalue";
    table("environmentvariablevalue", "environmentvariablevalues", "schemaname")
        .with_type_code(381)
        .owned()
        .with_activity()
        .with([
            text("schemaname", 100),
            memo("value", 2000),
            lookup("EnvironmentVariableDefinitionId", "environmentvariabledefinition", definition)
                .navigated("EnvironmentVariableDefinitionId", definition)
                .going_along(),
        ])
}

fn import_job() -> Table {
    table("importjob", "importjobs", "name").with_type_code(9107).stamped().with([
        text("name", 256),
        text("solutionname", 256),
        decimal("progress", 2),
        memo("data", 1_073_741_823),
    ])
}
