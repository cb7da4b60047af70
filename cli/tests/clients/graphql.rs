//! `GraphQl`.

use futures_util::StreamExt as _;
use serde_json::{Value, json};
use topicwire::GraphQl;
use topicwire::error::Code;
use topicwire::event::Message;
use topicwire::options::GraphQlOptions;
use topicwire_gateway::LocalGateway;

use crate::{SOON, gateway, soon, until};

async fn connect(gateway: &LocalGateway) -> GraphQl {
    soon(GraphQl::connect(GraphQlOptions::new(gateway.graphql_url()))).await.expect("good options")
}

fn value(message: &Message) -> Value {
    serde_json::from_slice(message.payload()).expect("JSON")
}

#[tokio::test]
async fn an_operation_is_a_stream_that_ends_when_the_server_says_so() {
    let gateway = gateway().await;
    let graphql = connect(&gateway).await;
    let mut results = graphql.subscribe("subscription($n: Int!) { countdown(from: $n) }", &json!({"n": 2})).expect("started");
    for n in [2, 1, 0] {
        let result = soon(results.next()).await.expect("a result").expect("no error");
        assert_eq!(value(&result), json!({"data": {"countdown": n}}));
    }
    assert!(soon(results.next()).await.is_none());
    assert!(soon(results.next()).await.is_none(), "an end stays an end");
}

#[tokio::test]
async fn queries_and_mutations_resolve_with_their_result() {
    let gateway = gateway().await;
    let graphql = connect(&gateway).await;
    let result = soon(graphql.execute("query($name: String) { hello(name: $name) }", &json!({"name": "otter"}))).await.expect("answered");
    assert!(String::from_utf8_lossy(&result).contains("otter"));
    let result = soon(graphql.execute("mutation { echo(text: \"hi\") }", &())).await.expect("answered");
    assert_eq!(serde_json::from_slice::<Value>(&result).expect("JSON"), json!({"data": {"echo": "hi"}}));
}

#[tokio::test]
async fn an_operation_that_is_dropped_ends_on_the_server_and_others_go_on() {
    let gateway = gateway().await;
    let graphql = connect(&gateway).await;
    let mut ticks = graphql.subscribe("subscription { ticks(intervalMs: 1) { seq } }", &()).expect("started");
    let silent = graphql.subscribe("subscription { silent }", &()).expect("started");
    soon(ticks.next()).await.expect("a result").expect("no error");
    until(&gateway, |connections| connections.iter().any(|state| state.to_string().contains("silent"))).await;
    drop(silent);
    until(&gateway, |connections| !connections.iter().any(|state| state.to_string().contains("silent"))).await;
    soon(ticks.next()).await.expect("a result").expect("no error");
}

#[tokio::test]
async fn a_document_that_the_server_refuses_ends_its_stream_with_an_error() {
    let gateway = gateway().await;
    let graphql = connect(&gateway).await;
    let mut good = graphql.subscribe("subscription { countdown(from: 0) }", &()).expect("started");
    let mut bad = graphql.subscribe("subscription { nothing }", &()).expect("started");
    assert!(soon(bad.next()).await.expect("an end").is_err());
    assert!(soon(bad.next()).await.is_none());
    assert!(soon(good.next()).await.expect("a result").is_ok());
}

#[tokio::test]
async fn variables_are_an_object_or_nothing() {
    let gateway = gateway().await;
    let graphql = connect(&gateway).await;
    for bad in [json!([1]), json!("text"), json!(7), json!(true)] {
        let error = graphql.subscribe("subscription { silent }", &bad).expect_err("no object");
        assert_eq!(error.code, Code::InvalidOption);
        assert_eq!(soon(graphql.execute("{ hello }", &bad)).await.expect_err("no object").code, Code::InvalidOption);
    }
}

#[test]
fn a_program_without_async_polls_an_operation_to_its_end() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("threads for the gateway");
    let gateway = runtime.block_on(gateway());
    let graphql = GraphQl::start(GraphQlOptions::new(gateway.graphql_url())).expect("good options");
    let mut results = graphql.subscribe("subscription { countdown(from: 1) }", &()).expect("started");
    let mut seen = Vec::new();
    while let Some(result) = results.poll(SOON) {
        seen.push(value(&result.expect("no error"))["data"]["countdown"].clone());
    }
    assert_eq!(seen, [1, 0]);
}
