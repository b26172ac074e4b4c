//! The template as CloudFormation sees it, with references resolved.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Map, Value};

/// The transformed template.
#[derive(Debug, Clone)]
pub struct Template {
    document: Value,
}

/// What stands for a resource once it is made: what `Ref` gives, and its attributes.
#[derive(Debug, Clone, Default)]
pub struct Made {
    /// What `Ref` gives.
    pub reference: String,
    /// What `Fn::GetAtt` gives, by name.
    pub attributes: BTreeMap<String, String>,
}

impl Template {
    /// Reads what `tests/e2e/run` has transformed.
    ///
    /// # Panics
    /// When it has not.
    #[must_use]
    pub fn read() -> Self {
        let path = tools().join("template.json");
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        match serde_json::from_str(&text) {
            Ok(document) => Self { document },
            Err(_) => panic!("{} is not there: start these tests with tests/e2e/run", path.display()),
        }
    }

    /// Every resource of a type, by its logical id.
    #[must_use]
    pub fn of_type(&self, kind: &str) -> BTreeMap<String, Value> {
        let resources = self.document["Resources"].as_object().cloned().unwrap_or_default();
        resources.into_iter().filter(|(_, resource)| resource["Type"] == kind).collect()
    }

    /// The properties of a resource.
    #[must_use]
    pub fn properties(&self, id: &str) -> Value {
        self.document["Resources"][id]["Properties"].clone()
    }

    /// A resource.
    #[must_use]
    pub fn resource(&self, id: &str) -> Value {
        self.document["Resources"][id].clone()
    }

    /// Our functions: the name of the crate, and the logical id.
    #[must_use]
    pub fn functions(&self) -> BTreeMap<String, String> {
        let functions = self.of_type("AWS::Lambda::Function");
        let named = functions.iter().map(|(id, function)| {
            let name = function["Properties"]["Code"]["S3Key"].as_str().unwrap_or_default();
            (name.trim_start_matches("functions/").to_owned(), id.clone())
        });
        named.collect()
    }

    /// The default of a parameter.
    #[must_use]
    pub fn default(&self, parameter: &str) -> Option<String> {
        let default = &self.document["Parameters"][parameter]["Default"];
        match default {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// A value with its references resolved: parameters to their defaults, resources to what was made for them.
    ///
    /// # Panics
    /// When something refers to what was not made.
    #[must_use]
    pub fn resolved(&self, value: &Value, stack: &str, made: &BTreeMap<String, Made>) -> Value {
        match value {
            Value::Object(members) => self.resolved_object(members, stack, made),
            Value::Array(items) => items.iter().map(|item| self.resolved(item, stack, made)).collect(),
            other => other.clone(),
        }
    }

    fn resolved_object(&self, members: &Map<String, Value>, stack: &str, made: &BTreeMap<String, Made>) -> Value {
        if let Some(Value::String(name)) = members.get("Ref") {
            return Value::from(self.reference(name, stack, made));
        }
        if let Some(Value::Array(path)) = members.get("Fn::GetAtt") {
            let id = path[0].as_str().unwrap_or_default();
            let attribute = path[1].as_str().unwrap_or_default();
            let found = made.get(id).and_then(|made| made.attributes.get(attribute));
            return Value::from(found.cloned().unwrap_or_else(|| panic!("{id}.{attribute} was not made")));
        }
        if let Some(Value::String(text)) = members.get("Fn::Sub") {
            return Value::from(text.replace("${AWS::StackName}", stack));
        }
        members.iter().map(|(name, value)| (name.clone(), self.resolved(value, stack, made))).collect()
    }

    fn reference(&self, name: &str, stack: &str, made: &BTreeMap<String, Made>) -> String {
        let of_stack = (name == "AWS::StackName").then(|| stack.to_owned());
        let reference = of_stack.or_else(|| made.get(name).map(|made| made.reference.clone()));
        reference.or_else(|| self.default(name)).unwrap_or_else(|| panic!("{name} was not made"))
    }
}

/// Where `tests/e2e/run` installs things.
#[must_use]
pub fn tools() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.tools"))
}
