//! The template's rules, read off the transformed template: least privilege, no silent loss, nothing deletable by a slip,
//! and an environment that is exactly what the code reads.

use std::collections::{BTreeMap, BTreeSet};

use e2e::template::Template;
use serde_json::Value;
use stage::{FUNCTIONS, Variable};
use store::dynamodb::schema;

/// X-Ray has no resources, so AWS demands a star there.
const STARS_THAT_AWS_DEMANDS: &[&str] = &["xray:PutTraceSegments", "xray:PutTelemetryRecords"];

#[derive(Debug)]
struct Statement {
    actions: Vec<String>,
    resources: Vec<String>,
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::String(text) => vec![text.clone()],
        // A reference is named by what it refers to: `Queue.Arn`, `SettingsSecret`.
        Value::Object(members) => match (members.get("Ref"), members.get("Fn::GetAtt")) {
            (Some(Value::String(id)), _) => vec![id.clone()],
            (_, Some(path)) => vec![texts(path).join(".")],
            _ => vec![value.to_string()],
        },
        other => vec![other.to_string()],
    }
}

/// What each role may do, by its logical id.
fn roles(template: &Template) -> BTreeMap<String, Vec<Statement>> {
    let roles = template.of_type("AWS::IAM::Role");
    let statements = |role: &Value| {
        let policies = role["Properties"]["Policies"].as_array().cloned().unwrap_or_default();
        let statements = policies.iter().flat_map(|policy| {
            policy["PolicyDocument"]["Statement"].as_array().cloned().unwrap_or_default().into_iter().map(|statement| {
                assert_eq!(statement["Effect"], "Allow");
                Statement { actions: texts(&statement["Action"]), resources: texts(&statement["Resource"]) }
            })
        });
        statements.collect()
    };
    roles.iter().map(|(id, role)| (id.clone(), statements(role))).collect()
}

/// The role of each function, by the function's name.
fn role_of_each(template: &Template) -> BTreeMap<String, String> {
    let role = |id: &String| texts(&template.properties(id)["Role"]).concat().trim_end_matches(".Arn").to_owned();
    template.functions().iter().map(|(name, id)| (name.clone(), role(id))).collect()
}

fn number(value: &Value, template: &Template) -> i64 {
    let text = match value.get("Ref").and_then(Value::as_str) {
        Some(parameter) => template.default(parameter).unwrap_or_default(),
        None => value.to_string(),
    };
    text.parse().unwrap_or_else(|_| panic!("{value} is no number"))
}

#[test]
fn no_star_stands_in_any_action_or_resource_beyond_what_aws_demands() {
    let template = Template::read();
    for (role, statements) in roles(&template) {
        assert!(template.properties(&role)["ManagedPolicyArns"].is_null(), "{role} has somebody else's policy");
        assert!(!statements.is_empty(), "{role}");
        for statement in statements {
            assert!(statement.actions.iter().all(|action| !action.contains('*')), "{role}: {statement:?}");
            let demanded = statement.actions.iter().all(|action| STARS_THAT_AWS_DEMANDS.contains(&action.as_str()));
            let starred = statement.resources.iter().any(|resource| resource.contains('*'));
            assert!(!starred || demanded, "{role}: {statement:?}");
        }
    }
    assert!(template.of_type("AWS::IAM::ManagedPolicy").is_empty() && template.of_type("AWS::IAM::Policy").is_empty());
}

#[test]
fn every_function_has_a_role_of_its_own() {
    let template = Template::read();
    let roles: BTreeSet<_> = role_of_each(&template).into_values().collect();
    assert_eq!(roles.len(), FUNCTIONS.len());
    for role in roles {
        let trusted = &template.properties(&role)["AssumeRolePolicyDocument"]["Statement"];
        assert_eq!(trusted[0]["Principal"]["Service"], "lambda.amazonaws.com", "{role}");
        assert_eq!(trusted.as_array().map(Vec::len), Some(1), "{role}");
    }
}

#[test]
fn only_the_refresher_may_write_the_partner_center_secret_and_nobody_any_other() {
    let template = Template::read();
    let writes = |action: &String| {
        action.starts_with("secretsmanager:") && !["secretsmanager:GetSecretValue"].contains(&action.as_str())
    };
    let writers: Vec<_> = roles(&template)
        .into_iter()
        .flat_map(|(role, statements)| statements.into_iter().map(move |statement| (role.clone(), statement)))
        .filter(|(_, statement)| statement.actions.iter().any(writes))
        .collect();
    let [(role, statement)] = writers.as_slice() else { panic!("{writers:?}") };
    assert_eq!(*role, role_of_each(&template)["token-refresher"]);
    assert_eq!(statement.resources, ["PartnerCenterSecret"]);
}

#[test]
fn a_function_reads_only_the_secrets_that_it_is_told_of() {
    let template = Template::read();
    let (roles, role_of_each) = (roles(&template), role_of_each(&template));
    for function in &FUNCTIONS {
        let told: BTreeSet<&str> = function
            .secrets()
            .map(|secret| match secret {
                Variable::SettingsSecret => "SettingsSecret",
                Variable::PartnerCenterSecret => "PartnerCenterSecret",
                _ => "DataverseSecret",
            })
            .collect();
        let statements = &roles[&role_of_each[function.name]];
        let reading = statements.iter().filter(|statement| statement.actions[0].starts_with("secretsmanager:Get"));
        let read: BTreeSet<&str> =
            reading.flat_map(|statement| statement.resources.iter().map(String::as_str)).collect();
        assert_eq!(read, told, "{}", function.name);
    }
}

#[test]
fn doors_only_send_and_only_the_worker_takes() {
    let template = Template::read();
    let (roles, role_of_each) = (roles(&template), role_of_each(&template));
    let may = |function: &str, action: &str| {
        roles[&role_of_each[function]].iter().any(|statement| statement.actions.iter().any(|one| one == action))
    };
    for function in ["webhook-ingest", "crm-change"] {
        assert!(may(function, "sqs:SendMessage") && !may(function, "sqs:ReceiveMessage"), "{function}");
        let statements = &roles[&role_of_each[function]];
        assert!(!statements.iter().any(|statement| statement.actions[0].starts_with("dynamodb:")), "{function}");
    }
    assert!(may("sync-worker", "sqs:ReceiveMessage") && may("sync-worker", "sqs:DeleteMessage"));
    assert!(may("reconciler", "sqs:SendMessage") && !may("reconciler", "sqs:ReceiveMessage"));
}

#[test]
fn the_environment_is_exactly_what_the_code_reads() {
    let template = Template::read();
    let functions = template.functions();
    assert_eq!(functions.len(), FUNCTIONS.len());
    for function in &FUNCTIONS {
        let properties = template.properties(&functions[function.name]);
        let given = properties["Environment"]["Variables"].as_object().cloned().unwrap_or_default();
        let given: BTreeSet<&str> = given.keys().map(String::as_str).collect();
        let read = function.variables.iter().map(|variable| variable.name()).chain(["RUST_LOG"]).collect();
        assert_eq!(given, read, "{}", function.name);
    }
}

#[test]
fn a_message_outlives_six_workers_and_failures_are_reported_one_by_one() {
    let template = Template::read();
    let worker = template.properties(&template.functions()["sync-worker"]);
    let queue = template.properties("Queue");
    assert!(number(&queue["VisibilityTimeout"], &template) >= 6 * number(&worker["Timeout"], &template));
    assert_eq!(queue["FifoQueue"], true);
    assert!(queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0] == "DeadLetters");
    assert!(number(&queue["RedrivePolicy"]["maxReceiveCount"], &template) >= 5);
    let mappings = template.of_type("AWS::Lambda::EventSourceMapping");
    let mapping = &mappings.values().next().expect("a mapping")["Properties"];
    assert_eq!(mappings.len(), 1);
    assert_eq!(texts(&mapping["FunctionResponseTypes"]), ["ReportBatchItemFailures"]);
    let (batch, workers) =
        (number(&mapping["BatchSize"], &template), number(&mapping["ScalingConfig"]["MaximumConcurrency"], &template));
    assert!(workers >= 2, "AWS takes no less");
    // Every link of every batch may be at Dataverse at once, and the reconciler too (dataverse-api 3.1).
    assert!(batch * workers + 1 < 52, "{batch} x {workers}");
    assert!(worker["ReservedConcurrentExecutions"].is_null(), "the poller would use up receives");
}

#[test]
fn a_flood_of_events_cannot_starve_the_worker() {
    let template = Template::read();
    for function in ["webhook-ingest", "crm-change"] {
        let properties = template.properties(&template.functions()[function]);
        assert!(number(&properties["ReservedConcurrentExecutions"], &template) >= 1, "{function}");
    }
    let stage = template.of_type("AWS::ApiGatewayV2::Stage").into_values().next().expect("a stage of the doors");
    let routes = &stage["Properties"]["DefaultRouteSettings"];
    assert!(number(&routes["ThrottlingRateLimit"], &template) > 0);
    assert!(number(&routes["ThrottlingBurstLimit"], &template) > 0);
    for function in ["reconciler", "token-refresher"] {
        let properties = template.properties(&template.functions()[function]);
        assert_eq!(number(&properties["ReservedConcurrentExecutions"], &template), 1, "{function} runs once at a time");
    }
}

#[test]
fn the_table_survives_a_slip() {
    let template = Template::read();
    let tables = template.of_type("AWS::DynamoDB::Table");
    let table = &tables["Table"];
    assert_eq!(tables.len(), 1);
    assert_eq!(table["DeletionPolicy"], "Retain");
    assert_eq!(table["UpdateReplacePolicy"], "Retain");
    let properties = &table["Properties"];
    assert_eq!(template.default("DeletionProtection").as_deref(), Some("true"));
    assert_eq!(properties["DeletionProtectionEnabled"]["Ref"], "DeletionProtection");
    assert_eq!(properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true);
    assert_eq!(properties["SSESpecification"]["SSEEnabled"], true);
    assert_eq!(properties["BillingMode"], "PAY_PER_REQUEST");
    // Asserted here: emulators lose it on the way.
    assert_eq!(properties["TimeToLiveSpecification"]["Enabled"], true);
    for (id, secret) in template.of_type("AWS::SecretsManager::Secret") {
        assert_eq!(secret["DeletionPolicy"], "Retain", "{id}");
    }
    for (id, queue) in template.of_type("AWS::SQS::Queue") {
        assert_eq!(queue["Properties"]["SqsManagedSseEnabled"], true, "{id}");
        assert_eq!(number(&queue["Properties"]["MessageRetentionPeriod"], &template), 14 * 24 * 3600, "{id}");
    }
}

#[test]
fn the_table_has_the_keys_and_indexes_that_the_store_uses() {
    let template = Template::read();
    let properties = template.properties("Table");
    let attributes: BTreeSet<String> = properties["AttributeDefinitions"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|attribute| format!("{} {}", attribute["AttributeName"], attribute["AttributeType"]).replace('"', ""))
        .collect();
    let used = schema::ATTRIBUTES.iter().map(|(name, kind)| format!("{name} {}", kind.as_str())).collect();
    assert_eq!(attributes, used);
    let indexes = properties["GlobalSecondaryIndexes"].as_array().cloned().unwrap_or_default();
    let indexes: BTreeSet<(String, Vec<String>)> =
        indexes.iter().map(|index| (texts(&index["IndexName"]).concat(), keys(&index["KeySchema"]))).collect();
    let used = schema::INDEXES.iter().map(|(name, keys)| ((*name).to_owned(), keys.map(str::to_owned).to_vec()));
    assert_eq!(indexes, used.collect());
    assert_eq!(keys(&properties["KeySchema"]), ["pk", "sk"]);
    for role in [&role_of_each(&template)["sync-worker"], &role_of_each(&template)["reconciler"]] {
        let statements = &roles(&template)[role];
        for (index, _) in schema::INDEXES {
            let may =
                |statement: &Statement| statement.resources.iter().any(|one| one.contains(&format!("index/{index}")));
            assert!(statements.iter().any(may), "{role} may not query {index}");
        }
    }
}

fn keys(schema: &Value) -> Vec<String> {
    schema.as_array().into_iter().flatten().map(|key| texts(&key["AttributeName"]).concat()).collect()
}

#[test]
fn logs_end_and_every_function_is_traced() {
    let template = Template::read();
    let groups = template.of_type("AWS::Logs::LogGroup");
    for (id, group) in &groups {
        assert!(number(&group["Properties"]["RetentionInDays"], &template) >= 7, "{id}");
    }
    for (name, id) in template.functions() {
        let properties = template.properties(&id);
        let group = texts(&properties["LoggingConfig"]["LogGroup"]).concat();
        assert!(groups.contains_key(&group), "{name} logs into a group without an end");
        assert_eq!(properties["TracingConfig"]["Mode"], "Active", "{name}");
        assert_eq!(texts(&properties["Architectures"]), ["Architecture"], "{name}");
        assert_eq!(properties["Runtime"], "provided.al2023", "{name}");
    }
}

/// What each alarm watches: namespace, metric, and the resource or the function in its dimensions.
fn watched(template: &Template) -> BTreeSet<(String, String, String)> {
    let alarms = template.of_type("AWS::CloudWatch::Alarm");
    let watch = |alarm: &Value| {
        let properties = &alarm["Properties"];
        let dimension = texts(&properties["Dimensions"][0]["Value"]).concat();
        (texts(&properties["Namespace"]).concat(), texts(&properties["MetricName"]).concat(), dimension)
    };
    alarms.values().map(watch).collect()
}

#[test]
fn every_queue_and_every_function_has_its_alarms_and_all_tell_one_topic() {
    let template = Template::read();
    let watched = watched(&template);
    let watches = |namespace: &str, metric: &str, what: &str| {
        assert!(watched.contains(&(namespace.into(), metric.into(), what.into())), "{namespace} {metric} {what}");
    };
    for id in template.functions().values() {
        watches("AWS/Lambda", "Errors", id);
        watches("AWS/Lambda", "Throttles", id);
    }
    watches("AWS/SQS", "ApproximateAgeOfOldestMessage", "Queue.QueueName");
    watches("AWS/SQS", "ApproximateNumberOfMessagesVisible", "DeadLetters.QueueName");
    assert_eq!(template.of_type("AWS::SQS::Queue").len(), 2);
    for (metric, function) in [
        ("parked", "SyncWorker"),
        ("quarantined", "SyncWorker"),
        ("token_age_days", "TokenRefresher"),
        ("events", "WebhookIngest"),
        ("events", "CrmChange"),
    ] {
        watches("Cosell", metric, function);
    }
    for (id, alarm) in template.of_type("AWS::CloudWatch::Alarm") {
        assert_eq!(texts(&alarm["Properties"]["AlarmActions"]), ["Alarms"], "{id}");
    }
}

#[test]
fn every_alarm_is_in_the_runbook() {
    let template = Template::read();
    let runbook = include_str!("../../../infra/runbook.md");
    for (id, alarm) in template.of_type("AWS::CloudWatch::Alarm") {
        let name = texts(&alarm["Properties"]["AlarmName"]["Fn::Sub"]).concat().replace("${AWS::StackName}-", "");
        assert!(runbook.contains(&format!("`{name}`")), "{id}: `{name}` is not in infra/runbook.md");
    }
}

#[test]
fn alarms_and_dashboard_name_only_figures_that_are_counted() {
    let template = Template::read();
    let counted = |name: &str| telemetry::FIGURES.iter().any(|figure| figure.name == name);
    for (namespace, metric, _) in watched(&template) {
        assert!(namespace != telemetry::NAMESPACE || counted(&metric), "{metric}");
    }
    let body = texts(&template.properties("Dashboard")["DashboardBody"]["Fn::Sub"]).concat();
    let dashboard: Value = serde_json::from_str(&body).expect("the dashboard is JSON");
    let widgets = dashboard["widgets"].as_array().cloned().unwrap_or_default();
    let rows = widgets.iter().filter_map(|widget| widget["properties"]["metrics"].as_array()).flatten();
    let ours: Vec<&str> = rows.filter(|row| row[0] == telemetry::NAMESPACE).filter_map(|row| row[1].as_str()).collect();
    assert!(ours.len() > 10);
    assert!(ours.iter().all(|name| counted(name)), "{ours:?}");
}
