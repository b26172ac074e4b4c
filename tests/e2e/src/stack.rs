//! A stack: what `template.yaml` makes, made on the emulators, with the real functions in it.
//!
//! One thing differs from the template: a message is invisible for seconds and not for minutes, so that a test of a
//! worker's death does not wait for six minutes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use crate::counter::Counter;
use crate::emulator::Emulator;
use crate::front::{Front, Routes};
use crate::lambda::{Failure, Lambda};
use crate::source::{Mapping, Source};
use crate::template::{Made, Template};
use crate::wire::Service;

/// Where everything is.
pub const REGION: &str = "eu-central-1";
/// The account of the emulators.
const ACCOUNT: &str = "000000000000";
/// How long a received message is invisible here.
const VISIBILITY: Duration = Duration::from_secs(3);

/// What is put into the secrets.
#[derive(Debug, Clone)]
pub struct Secrets {
    /// `cosell.toml`.
    pub settings: String,
    /// The Partner Center secret.
    pub partner_center: Value,
    /// The Dataverse secret.
    pub dataverse: Value,
}

/// What the functions call: emulators behind counters.
struct Endpoints {
    dynamodb: Counter,
    rest: Counter,
}

/// Where the compiled functions are.
#[derive(Debug, Clone)]
pub enum Programs {
    /// Beside this test: the dev build.
    BesideThis,
    /// Where `sam build` put them: a folder per function, by its id in the template.
    Built(PathBuf),
}

/// A running stack.
pub struct Stack {
    /// DynamoDB.
    pub dynamodb: Emulator,
    /// Everything else of AWS.
    pub rest: Emulator,
    template: Template,
    name: String,
    made: BTreeMap<String, Made>,
    functions: BTreeMap<String, Arc<Lambda>>,
    endpoints: Endpoints,
    front: Front,
    source: Source,
}

impl Stack {
    /// Makes everything and opens the doors.
    ///
    /// # Errors
    /// When an emulator refuses something.
    pub async fn deploy(secrets: &Secrets, programs: &Programs) -> Result<Self> {
        let template = Template::read();
        let name = "cosell-e2e".to_owned();
        let (dynamodb, rest) = tokio::try_join!(Emulator::dynamodb(), Emulator::rest())?;
        let mut made = BTreeMap::new();
        make_table(&template, &name, &Service::dynamodb(&dynamodb.url()), &mut made).await?;
        // The dead letters first: the other queue names them.
        for id in ["DeadLetters", "Queue"] {
            make_queue(&template, id, &name, &Service::sqs(&rest.url()), &mut made).await?;
        }
        let texts = [
            ("SettingsSecret", secrets.settings.clone()),
            ("PartnerCenterSecret", secrets.partner_center.to_string()),
            ("DataverseSecret", secrets.dataverse.to_string()),
        ];
        for (id, text) in texts {
            let properties = template.resolved(&template.properties(id), &name, &made);
            let input = json!({ "Name": properties["Name"], "SecretString": text });
            let answer = Service::secrets(&rest.url()).call("CreateSecret", &input).await?;
            made.insert(id.to_owned(), Made { reference: plain(&answer["ARN"]), ..Made::default() });
        }
        let endpoints =
            Endpoints { dynamodb: Counter::open(dynamodb.url()).await?, rest: Counter::open(rest.url()).await? };
        let functions = functions(&template, programs, &name, &made, &endpoints)?;
        let front = Front::open(routes(&template, &functions)).await?;
        let sqs = Service::sqs(&rest.url());
        let source = Source::start(
            sqs,
            made["Queue"].reference.clone(),
            mapping(&template, &name, &made),
            functions.get("sync-worker").cloned().context("no worker")?,
        );
        Ok(Self { dynamodb, rest, template, name, made, functions, endpoints, front, source })
    }

    /// Where the doors are.
    #[must_use]
    pub fn doors(&self) -> String {
        format!("http://{}", self.front.address)
    }

    /// A function.
    ///
    /// # Panics
    /// When there is none of that name.
    #[must_use]
    pub fn function(&self, name: &str) -> Arc<Lambda> {
        Arc::clone(self.functions.get(name).unwrap_or_else(|| panic!("no function {name}")))
    }

    /// A minute has passed.
    ///
    /// # Errors
    /// When the reconciler fails.
    pub async fn minute(&self) -> Result<Value, Failure> {
        self.function("reconciler").invoke(json!({ "source": "aws.scheduler" })).await
    }

    /// A day has passed.
    ///
    /// # Errors
    /// When the refresher fails.
    pub async fn day(&self) -> Result<Value, Failure> {
        self.function("token-refresher").invoke(json!({ "source": "aws.scheduler" })).await
    }

    /// Lets the event source mapping rest, or go on.
    pub fn hand_out(&self, runs: bool) {
        self.source.runs.send_replace(runs);
    }

    /// Messages that wait, that are being worked, and that are dead.
    ///
    /// # Errors
    /// When the emulator does not answer.
    pub async fn depth(&self) -> Result<(u64, u64, u64)> {
        let count = |answer: &Value, name: &str| plain(&answer["Attributes"][name]).parse().unwrap_or(0);
        let queue = self.attributes("Queue").await?;
        let dead = self.attributes("DeadLetters").await?;
        let (waiting, working) = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible");
        Ok((count(&queue, waiting), count(&queue, working), count(&dead, waiting)))
    }

    async fn attributes(&self, id: &str) -> Result<Value> {
        let input = json!({ "QueueUrl": self.made[id].reference, "AttributeNames": ["All"] });
        Service::sqs(&self.rest.url()).call("GetQueueAttributes", &input).await
    }

    /// Puts a message into the queue that no door would send.
    ///
    /// # Errors
    /// When the emulator refuses it.
    pub async fn send_raw(&self, body: &str, group: &str) -> Result<()> {
        let input = json!({
            "QueueUrl": self.made["Queue"].reference, "MessageBody": body, "MessageGroupId": group,
            "MessageDeduplicationId": uuid::Uuid::new_v4().to_string(),
        });
        Service::sqs(&self.rest.url()).call("SendMessage", &input).await.map(drop)
    }

    /// Changes a secret, as an operator does. `id` is its name in the template.
    ///
    /// # Errors
    /// When the emulator refuses it.
    pub async fn put_secret(&self, id: &str, text: &str) -> Result<()> {
        let input = json!({ "SecretId": self.made[id].reference, "SecretString": text });
        Service::secrets(&self.rest.url()).call("PutSecretValue", &input).await.map(drop)
    }

    /// What a secret holds under a label, and which version that is.
    ///
    /// # Errors
    /// When there is none.
    pub async fn secret(&self, id: &str, label: &str) -> Result<(String, String)> {
        let input = json!({ "SecretId": self.made[id].reference, "VersionStage": label });
        let answer = Service::secrets(&self.rest.url()).call("GetSecretValue", &input).await?;
        Ok((plain(&answer["SecretString"]), plain(&answer["VersionId"])))
    }

    /// A function of this stack with other variables: a stack that somebody has broken.
    ///
    /// # Errors
    /// When the function is not built.
    pub fn broken(&self, function: &str, variable: &str, value: &str) -> Result<Lambda> {
        let mut made = variables(&self.template, function, &self.name, &self.made, &self.endpoints);
        match value {
            "" => made.remove(variable),
            value => made.insert(variable.to_owned(), value.to_owned()),
        };
        Ok(Lambda::new(function, Programs::BesideThis.of(function, "")?, made, Duration::from_secs(15), 1))
    }

    /// What the functions have asked of AWS since the last time this was asked, by operation.
    #[must_use]
    pub fn calls(&self) -> BTreeMap<String, u64> {
        self.endpoints.dynamodb.take().into_iter().chain(self.endpoints.rest.take()).collect()
    }

    /// The partition keys of the items that the functions have touched since the last time this was asked.
    #[must_use]
    pub fn keys(&self) -> BTreeSet<String> {
        self.endpoints.dynamodb.take_keys()
    }

    /// Everything that the functions have written.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.functions.values().flat_map(|function| function.lines()).collect()
    }

    /// Time passes, and every lease in the table has ended.
    ///
    /// # Errors
    /// When the emulator does not answer.
    pub async fn end_leases(&self) -> Result<()> {
        for mut item in self.items().await? {
            if item.get("lease_until").is_some() {
                item["lease_until"] = json!({ "N": "0" });
                let input = json!({ "TableName": self.made["Table"].reference, "Item": item });
                Service::dynamodb(&self.dynamodb.url()).call("PutItem", &input).await?;
            }
        }
        Ok(())
    }

    /// Every item of the table, as text.
    ///
    /// # Errors
    /// When the emulator does not answer.
    pub async fn items(&self) -> Result<Vec<Value>> {
        let input = json!({ "TableName": self.made["Table"].reference });
        let answer = Service::dynamodb(&self.dynamodb.url()).call("Scan", &input).await?;
        Ok(answer["Items"].as_array().cloned().unwrap_or_default())
    }
}

async fn make_table(
    template: &Template,
    stack: &str,
    dynamodb: &Service,
    made: &mut BTreeMap<String, Made>,
) -> Result<()> {
    let properties = template.resolved(&template.properties("Table"), stack, made);
    let table = format!("{stack}-Table");
    let mut input = Map::from_iter([("TableName".to_owned(), json!(table))]);
    for name in ["AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes"] {
        input.extend(properties.get(name).map(|value| (name.to_owned(), value.clone())));
    }
    dynamodb.call("CreateTable", &Value::Object(input)).await?;
    let arn = format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}");
    let attributes = BTreeMap::from([("Arn".to_owned(), arn)]);
    made.insert("Table".to_owned(), Made { reference: table, attributes });
    Ok(())
}

async fn make_queue(
    template: &Template,
    id: &str,
    stack: &str,
    sqs: &Service,
    made: &mut BTreeMap<String, Made>,
) -> Result<()> {
    let properties = template.resolved(&template.properties(id), stack, made);
    let mut attributes = Map::new();
    for (name, value) in properties.as_object().into_iter().flatten().filter(|(name, _)| *name != "QueueName") {
        let text = match value {
            Value::Object(_) => value.to_string(),
            other => plain(other),
        };
        attributes.insert(name.clone(), json!(text));
    }
    attributes.insert("VisibilityTimeout".to_owned(), json!(VISIBILITY.as_secs().to_string()));
    let name = plain(&properties["QueueName"]);
    let answer = sqs.call("CreateQueue", &json!({ "QueueName": name, "Attributes": attributes })).await?;
    let arn = format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{name}");
    let attributes = BTreeMap::from([("Arn".to_owned(), arn), ("QueueName".to_owned(), name)]);
    made.insert(id.to_owned(), Made { reference: plain(&answer["QueueUrl"]), attributes });
    Ok(())
}

fn functions(
    template: &Template,
    programs: &Programs,
    stack: &str,
    made: &BTreeMap<String, Made>,
    endpoints: &Endpoints,
) -> Result<BTreeMap<String, Arc<Lambda>>> {
    let mut functions = BTreeMap::new();
    for (name, id) in template.functions() {
        let mut properties = template.properties(&id);
        // Roles, logs and architecture mean nothing here.
        for other in ["Role", "LoggingConfig", "Architectures", "Code"] {
            properties.as_object_mut().map(|properties| properties.remove(other));
        }
        let properties = template.resolved(&properties, stack, made);
        let timeout = Duration::from_secs(number(&properties["Timeout"]).unwrap_or(3));
        let concurrency = number(&properties["ReservedConcurrentExecutions"]).unwrap_or(100);
        let concurrency = usize::try_from(concurrency).unwrap_or(1);
        let variables = variables(template, &name, stack, made, endpoints);
        let full_name = plain(&properties["FunctionName"]);
        let lambda = Lambda::new(&full_name, programs.of(&name, &id)?, variables, timeout, concurrency);
        functions.insert(name, Arc::new(lambda));
    }
    Ok(functions)
}

/// The function's environment as the template has it, and AWS's own.
fn variables(
    template: &Template,
    function: &str,
    stack: &str,
    made: &BTreeMap<String, Made>,
    endpoints: &Endpoints,
) -> BTreeMap<String, String> {
    let id = template.functions().get(function).cloned().unwrap_or_default();
    let given = template.resolved(&template.properties(&id)["Environment"]["Variables"], stack, made);
    let given = given.as_object().cloned().unwrap_or_default();
    let ours = given.iter().map(|(name, value)| (name.clone(), plain(value)));
    let aws = [
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ("AWS_ENDPOINT_URL", endpoints.rest.url()),
        ("AWS_ENDPOINT_URL_DYNAMODB", endpoints.dynamodb.url()),
    ];
    ours.chain(aws.map(|(name, value)| (name.to_owned(), value))).collect()
}

fn routes(template: &Template, functions: &BTreeMap<String, Arc<Lambda>>) -> Routes {
    let names: BTreeMap<String, String> = template.functions().into_iter().map(|(name, id)| (id, name)).collect();
    let paths = template.properties("Api")["Body"]["paths"].clone();
    let mut routes = Routes::new();
    for (path, methods) in paths.as_object().into_iter().flatten() {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            let uri = plain(&operation["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]);
            let id = uri.split("functions/${").nth(1).and_then(|rest| rest.split(".Arn}").next()).unwrap_or_default();
            if let Some(function) = names.get(id).and_then(|name| functions.get(name)) {
                routes.insert(format!("{} {path}", method.to_uppercase()), Arc::clone(function));
            }
        }
    }
    routes
}

fn mapping(template: &Template, stack: &str, made: &BTreeMap<String, Made>) -> Mapping {
    let mappings = template.of_type("AWS::Lambda::EventSourceMapping");
    let properties = mappings.values().next().map(|mapping| mapping["Properties"].clone()).unwrap_or_default();
    let numbers = |value: &Value| number(&template.resolved(value, stack, made));
    Mapping {
        batch_size: numbers(&properties["BatchSize"]).unwrap_or(1),
        concurrency: numbers(&properties["ScalingConfig"]["MaximumConcurrency"])
            .and_then(|concurrency| usize::try_from(concurrency).ok())
            .unwrap_or(1),
        reports_failures: properties["FunctionResponseTypes"] == json!(["ReportBatchItemFailures"]),
    }
}

impl Programs {
    fn of(&self, function: &str, id: &str) -> Result<PathBuf> {
        let program = match self {
            Self::BesideThis => {
                let here = std::env::current_exe()?;
                // A test is in `deps`, a binary is not.
                let folders: Vec<_> = here.ancestors().skip(1).take(2).map(|folder| folder.join(function)).collect();
                let found = folders.iter().find(|program| program.exists()).or(folders.last());
                found.cloned().context("the test is in no target folder")?
            }
            Self::Built(folder) => folder.join(id).join("bootstrap"),
        };
        anyhow::ensure!(program.exists(), "{} is not built: start these tests with tests/e2e/run", program.display());
        Ok(program)
    }
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
