//! Prints the results of a GraphQL subscription.
//!
//! `GRAPHQL_URL=ws://… cargo run --example graphql -- 'subscription { … }'`
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example prints")]

use futures_util::StreamExt as _;
use topicwire::GraphQl;
use topicwire::options::GraphQlOptions;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let query = std::env::args().nth(1).ok_or("give a subscription")?;
    let graphql = GraphQl::connect(GraphQlOptions::new(std::env::var("GRAPHQL_URL")?)).await?;
    let mut results = graphql.subscribe(&query, &())?;
    while let Some(result) = results.next().await {
        println!("{}", String::from_utf8_lossy(result?.payload()));
    }
    Ok(())
}
