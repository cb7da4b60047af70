//! From arguments to the client's options. What the core refuses is wrong use; it never quotes values, and neither does this.

use std::path::{Path, PathBuf};

use serde_json::value::RawValue;
use topicwire::Secret;
use topicwire::command::OperationTarget;
use topicwire::error::Error;
use topicwire::options::{
    AstroOptions, Auth, ConnectionOptions, Credential, GraphQlOptions, Preset, Protocol, RawOptions, ReconnectOptions, WebPubSubOptions,
};

use crate::arguments::{AstroArguments, ConnectionArguments, GraphQlArguments, HubArguments, PresetChoice, RawArguments, ServerArguments};
use crate::credential;
use crate::failure::Failure;

/// Options of an Astro client.
pub(crate) fn astro(arguments: &AstroArguments) -> Result<AstroOptions, Failure> {
    let mut options = AstroOptions {
        token: credential::token(&arguments.token, true)?.map_or(Credential::None, Credential::Static),
        token_type: arguments.token_type.into(),
        tips_once: arguments.tips_once,
        // Nobody is there to give another token.
        stop_when_unauthorized: true,
        ..AstroOptions::default()
    };
    if let Some(url) = &arguments.url {
        options.url = Secret::new(url);
    }
    options.connection = connection(&arguments.connection)?;
    retries(&arguments.connection, &mut options.reconnect);
    Ok(options)
}

/// Options of a GraphQL client.
pub(crate) fn graphql(arguments: &GraphQlArguments) -> Result<GraphQlOptions, Failure> {
    let mut options = match arguments.preset {
        Some(PresetChoice::Bitquery) => GraphQlOptions::preset(Preset::Bitquery),
        None => GraphQlOptions::default(),
    };
    if let Some(url) = &arguments.url {
        options.url = Secret::new(url);
    }
    if let Some(protocol) = arguments.protocol {
        options.protocol = Protocol::from(protocol);
    }
    if let Some(auth) = arguments.auth {
        options.auth = Auth::from(auth);
        // What is usual in each place; the names of a preset go with its own place.
        let (name, prefix) = match options.auth {
            Auth::Query => ("token", ""),
            _ => ("Authorization", "Bearer "),
        };
        options.auth_name = name.to_owned();
        options.auth_prefix = prefix.to_owned();
    }
    if let Some(name) = &arguments.auth_name {
        options.auth_name.clone_from(name);
    }
    if let Some(prefix) = &arguments.auth_prefix {
        options.auth_prefix.clone_from(prefix);
    }
    if let Some(token) = credential::token(&arguments.token, false)? {
        options.token = Credential::Static(token);
    }
    options.connection = connection(&arguments.connection)?;
    retries(&arguments.connection, &mut options.reconnect);
    Ok(options)
}

/// The GraphQL document and what belongs to it.
pub(crate) fn operation(arguments: &GraphQlArguments) -> Result<OperationTarget, Failure> {
    let query = match (&arguments.query, &arguments.query_file) {
        (Some(query), _) => query.clone(),
        (None, Some(path)) => file(path)?,
        (None, None) => return Err(Failure::wrong("a document is needed: --query-file FILE or --query DOCUMENT")),
    };
    if query.trim().is_empty() {
        return Err(Failure::wrong("the GraphQL document is empty"));
    }
    let variables = match (&arguments.variables, &arguments.variables_file) {
        (Some(json), _) => Some(object(json, "--variables")?),
        (None, Some(path)) => Some(object(&file(path)?, &path.display().to_string())?),
        (None, None) => None,
    };
    Ok(OperationTarget { variables, operation_name: arguments.operation_name.clone(), ..OperationTarget::new(query) })
}

/// Options of a raw client that does not come back.
pub(crate) fn server(server: &ServerArguments, how: &ConnectionArguments) -> Result<RawOptions, Failure> {
    let url = match (&server.url, &server.url_env) {
        (Some(url), _) => url.clone(),
        (None, Some(name)) => credential::from_env(name)?,
        (None, None) => return Err(Failure::wrong("an address is needed: --url URL or --url-env NAME")),
    };
    Ok(RawOptions { subprotocols: server.subprotocols.clone(), connection: connection(how)?, ..RawOptions::new(url) })
}

/// Options of a raw client.
pub(crate) fn raw(arguments: &RawArguments) -> Result<RawOptions, Failure> {
    let mut options = RawOptions { ping_interval: arguments.ping, ..server(&arguments.server, &arguments.connection)? };
    options.reconnect.enabled = arguments.reconnect;
    if arguments.reconnect {
        retries(&arguments.connection, &mut options.reconnect);
    }
    Ok(options)
}

/// Options of a Web PubSub client.
pub(crate) fn webpubsub(hub: &HubArguments, how: &ConnectionArguments) -> Result<WebPubSubOptions, Failure> {
    let url = match (&hub.url, &hub.url_env) {
        (Some(url), _) => url.clone(),
        (None, Some(name)) => credential::from_env(name)?,
        (None, None) => return Err(Failure::wrong("a client access URL is needed: --url URL or --url-env NAME")),
    };
    let mut options = WebPubSubOptions { protocol: hub.protocol.into(), connection: connection(how)?, ..WebPubSubOptions::new(url) };
    retries(how, &mut options.reconnect);
    Ok(options)
}

/// An option that the core refuses, under the name that it has here.
pub(crate) fn refused(error: &Error) -> Failure {
    const NAMES: [(&str, &str); 6] = [
        ("url", "--url"),
        ("subprotocols", "--subprotocol"),
        ("auth_name", "--auth-name"),
        ("connection.headers", "--header"),
        ("connection.proxy", "--proxy"),
        ("connection.connect_timeout_ms", "--connect-timeout"),
    ];
    let message = error.message.as_ref();
    let renamed = message.strip_prefix("option `").and_then(|rest| {
        let (path, expected) = rest.split_once("`: ")?;
        // An element of a list is `name[3]`.
        let path = path.split('[').next()?;
        let (_, here) = NAMES.iter().find(|(name, _)| *name == path)?;
        Some(format!("{here}: {expected}"))
    });
    Failure::wrong(renamed.unwrap_or_else(|| message.to_owned()))
}

fn connection(arguments: &ConnectionArguments) -> Result<ConnectionOptions, Failure> {
    let mut options = ConnectionOptions {
        connect_timeout: arguments.connect_timeout,
        proxy: arguments.proxy.as_ref().map(Secret::new),
        ca_files: arguments.ca_files.clone(),
        insecure: arguments.insecure,
        ..ConnectionOptions::default()
    };
    for header in &arguments.headers {
        let (name, value) = named(header, "--header", "'NAME: VALUE'")?;
        options.headers.push((name.to_owned(), Secret::new(value)));
    }
    for header in &arguments.headers_env {
        let (name, variable) = named(header, "--header-env", "'NAME: VARIABLE'")?;
        options.headers.push((name.to_owned(), Secret::new(credential::from_env(variable)?)));
    }
    Ok(options)
}

/// Splits a header. What is wrong with it is said without it: it may be a secret.
fn named<'a>(header: &'a str, option: &str, form: &str) -> Result<(&'a str, &'a str), Failure> {
    let parts = header.split_once(':').map(|(name, value)| (name.trim(), value.trim()));
    parts.filter(|(name, _)| !name.is_empty()).ok_or_else(|| Failure::wrong(format!("{option} wants {form}")))
}

fn retries(arguments: &ConnectionArguments, reconnect: &mut ReconnectOptions) {
    match arguments.retries {
        None => {}
        Some(0) => reconnect.enabled = false,
        Some(most) => reconnect.max_attempts = Some(most),
    }
}

fn object(json: &str, source: &str) -> Result<Box<RawValue>, Failure> {
    let wrong = || Failure::wrong(format!("{source}: expected a JSON object, for example {{\"first\": 10}}"));
    let object: Box<RawValue> = serde_json::from_str(json).map_err(|_| wrong())?;
    if object.get().starts_with('{') { Ok(object) } else { Err(wrong()) }
}

fn file(path: &PathBuf) -> Result<String, Failure> {
    let text = if path == Path::new("-") { std::io::read_to_string(std::io::stdin()) } else { std::fs::read_to_string(path) };
    text.map_err(|error| Failure::wrong(format!("cannot read {}: {error}", path.display())))
}
