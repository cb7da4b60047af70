//! Reading a client's document: parsed, validated, its variables coerced, its root fields known.

use std::cell::RefCell;
use std::sync::{Arc, OnceLock};

use apollo_compiler::ast::{self, Definition};
use apollo_compiler::executable::OperationType;
use apollo_compiler::request::coerce_variable_values;
use apollo_compiler::resolvers::{Execution, FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use apollo_compiler::response::{GraphQLError, JsonMap};
use apollo_compiler::validation::{DiagnosticList, Valid};
use apollo_compiler::{ExecutableDocument, Schema};
use serde_json::{Map, Value, json};

const SCHEMA: &str = include_str!("schema.graphql");

pub(super) fn schema() -> &'static Valid<Schema> {
    static PARSED: OnceLock<Valid<Schema>> = OnceLock::new();
    PARSED.get_or_init(|| {
        Schema::parse_and_validate(SCHEMA, "schema.graphql").expect("the schema is part of the source, and a test reads it")
    })
}

/// What a client asks to run.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) query: String,
    pub(super) variables: Map<String, Value>,
    pub(super) operation_name: Option<String>,
}

/// A root field of the operation, with its coerced arguments.
#[derive(Debug, Clone)]
pub(super) struct RootField {
    pub(super) name: String,
    pub(super) response_key: String,
    pub(super) arguments: JsonMap,
}

/// A document that can be executed.
pub(super) struct Document {
    pub(super) document: Arc<Valid<ExecutableDocument>>,
    pub(super) operation_name: Option<String>,
    pub(super) variables: Valid<JsonMap>,
    pub(super) kind: OperationType,
    pub(super) fields: Vec<RootField>,
}

/// Why a document cannot be executed; the two subprotocols say each of these differently.
#[derive(Debug)]
pub(super) enum Refused {
    Syntax(String),
    Validation(Vec<Value>),
    NoSuchOperation(Value),
    Variables(Value),
}

impl Document {
    pub(super) fn read(request: &Request) -> Result<Self, Refused> {
        let schema = schema();
        let parsed = parse(&request.query)?;
        let document = parsed.to_executable_validate(schema).map_err(|invalid| Refused::Validation(values(&errors(&invalid.errors))))?;
        let name = request.operation_name.as_deref();
        let operation = document.operations.get(name).map_err(|_| Refused::NoSuchOperation(message(&no_such_operation(name))))?.clone();
        let given = json_map(&request.variables);
        let variables = coerce_variable_values(schema, &operation, &given)
            .map_err(|e| Refused::Variables(value(&e.to_graphql_error(&document.sources))))?;
        // A resolver is the one place that is told the coerced arguments, so one that resolves nothing asks.
        let probe = Probe { root: operation.object_type().to_string(), fields: RefCell::default() };
        let run =
            Execution::new(schema, &document).operation(&operation).enable_schema_introspection(true).coerced_variable_values(&variables);
        let asked = run.execute_sync(&probe);
        let response = asked.map_err(|e| Refused::Variables(value(&e.to_graphql_error(&document.sources))))?;
        if let Some(error) = response.errors.into_iter().next() {
            return Err(Refused::Variables(value(&error)));
        }
        Ok(Self {
            operation_name: request.operation_name.clone(),
            kind: operation.operation_type,
            fields: probe.fields.into_inner(),
            document: Arc::new(document),
            variables,
        })
    }

    /// Runs the operation over `root`. Returns the execution result as JSON.
    pub(super) fn execute(&self, root: &dyn ObjectValue) -> String {
        let operation =
            self.document.operations.get(self.operation_name.as_deref()).expect("the operation was found when the document was read");
        let run = Execution::new(schema(), &self.document)
            .operation(operation)
            .enable_schema_introspection(true)
            .coerced_variable_values(&self.variables);
        match run.execute_sync(root) {
            Ok(mut response) => {
                response.errors.iter_mut().for_each(name_deliberate);
                to_json(&response)
            }
            Err(error) => errors_only(&[value(&error.to_graphql_error(&self.document.sources))]),
        }
    }
}

/// Gives the errors that the schema's fields make on purpose their code, and takes the library's prefix off.
fn name_deliberate(error: &mut GraphQLError) {
    if let Some(message) = error.message.strip_prefix("resolver error: ") {
        error.message = message.to_owned();
        error.extensions.insert("code", "TEST_FAILURE".into());
    }
}

struct Probe {
    root: String,
    fields: RefCell<Vec<RootField>>,
}

impl ObjectValue for Probe {
    fn type_name(&self) -> &str {
        &self.root
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        let key = info.field_selections().first().map(|f| f.response_key());
        self.fields.borrow_mut().push(RootField {
            name: info.field_name().to_owned(),
            response_key: key.map_or_else(String::new, ToString::to_string),
            arguments: info.arguments().clone(),
        });
        Ok(ResolvedValue::SkipForPartialExecution)
    }
}

fn parse(query: &str) -> Result<ast::Document, Refused> {
    ast::Document::parse(query, "document").map_err(|broken| {
        let first = errors(&broken.errors).into_iter().next();
        let text = first.map_or_else(String::new, |error| error.message);
        let text = text.strip_prefix("syntax error: ").unwrap_or(&text);
        Refused::Syntax(format!("Syntax Error: {text}"))
    })
}

/// What Bitquery's side knows of a document: anything that parses is accepted.
pub(super) struct LooseDocument {
    pub(super) fields: Vec<RootField>,
    /// Each field under a root field is a stream, and billed as one.
    pub(super) streams: usize,
}

impl LooseDocument {
    pub(super) fn read(request: &Request) -> Result<Self, Refused> {
        let parsed = parse(&request.query)?;
        let wanted = request.operation_name.as_deref();
        let mut operations = parsed.definitions.iter().filter_map(|d| match d {
            Definition::OperationDefinition(operation) => Some(operation),
            _ => None,
        });
        let operation = operations.find(|operation| wanted.is_none_or(|wanted| operation.name.as_ref().is_some_and(|n| n == wanted)));
        let Some(operation) = operation else {
            return Err(Refused::NoSuchOperation(message(&no_such_operation(wanted))));
        };
        let (mut fields, mut streams) = (Vec::new(), 0);
        for selection in &operation.selection_set {
            if let ast::Selection::Field(field) = selection {
                streams += field.selection_set.len().max(1);
                fields.push(RootField {
                    name: field.name.to_string(),
                    response_key: field.alias.as_ref().unwrap_or(&field.name).to_string(),
                    arguments: JsonMap::new(),
                });
            }
        }
        Ok(Self { fields, streams })
    }
}

fn errors(list: &DiagnosticList) -> Vec<GraphQLError> {
    list.iter().map(|diagnostic| diagnostic.to_json()).collect()
}

fn values(errors: &[GraphQLError]) -> Vec<Value> {
    errors.iter().map(value).collect()
}

fn value(error: &GraphQLError) -> Value {
    serde_json::to_value(error).unwrap_or_else(|_| message(&error.message))
}

/// The reference implementation's words for it.
fn no_such_operation(name: Option<&str>) -> String {
    match name {
        Some(name) => format!("Unknown operation named \"{name}\"."),
        None => "Must provide operation name if query contains multiple operations.".to_owned(),
    }
}

/// A GraphQL error of our own.
pub(super) fn message(text: &str) -> Value {
    json!({ "message": text })
}

fn json_map(map: &Map<String, Value>) -> JsonMap {
    map.iter().map(|(key, value)| (key.as_str().into(), value.clone().into())).collect()
}

/// An execution result without `data`: nothing was executed.
pub(super) fn errors_only(errors: &[Value]) -> String {
    format!(r#"{{"errors":{}}}"#, to_json(&errors))
}

pub(super) fn to_json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("results have string keys only")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(query: &str, variables: Value) -> Request {
        Request { query: query.to_owned(), variables: variables.as_object().cloned().unwrap_or_default(), operation_name: None }
    }

    #[test]
    fn arguments_are_coerced_from_variables_and_defaults() {
        let query = "subscription ($n: Int!) { t: ticks(n: $n) { seq } }";
        let read = Document::read(&request(query, serde_json::json!({"n": 4}))).ok();
        let field = &read.expect("valid").fields[0];
        assert_eq!((field.name.as_str(), field.response_key.as_str()), ("ticks", "t"));
        assert_eq!(field.arguments.get("n").and_then(|v| v.as_i64()), Some(4));
        let interval = field.arguments.get("intervalMs");
        assert_eq!(interval.and_then(|v| v.as_i64()), Some(100));
    }

    #[test]
    fn each_kind_of_bad_document_is_told_apart() {
        let read = |query, variables| Document::read(&request(query, variables)).err();
        let none = || Value::Null;
        assert!(matches!(
            read("subscription {", none()),
            Some(Refused::Syntax(text)) if text.starts_with("Syntax Error: ")
        ));
        let unknown = read("subscription { nope }", none());
        assert!(matches!(unknown, Some(Refused::Validation(_))), "{unknown:?}");
        let missing = read("subscription ($n: Int!) { countdown(from: $n) }", none());
        assert!(matches!(missing, Some(Refused::Variables(_))), "{missing:?}");
        let two = read("query A { hello } query B { hello }", none());
        assert!(matches!(two, Some(Refused::NoSuchOperation(_))), "{two:?}");
    }

    #[test]
    fn a_loose_document_counts_the_fields_under_its_roots_as_streams() {
        let query = "subscription { EVM(network: eth) { a: Blocks { x } Transfers { y } } }";
        let read = LooseDocument::read(&request(query, Value::Null)).ok();
        let read = read.expect("parses");
        assert_eq!(read.streams, 2);
        assert_eq!(read.fields[0].name, "EVM");
    }
}
