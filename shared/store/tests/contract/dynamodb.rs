//! The contract on DynamoDB.

use std::future::Future;

use aws_sdk_dynamodb::Client;
use store::DynamoStore;
use store::dynamodb::schema;

/// A client of the emulator that `tests/emulators/run` started. Never of AWS.
async fn client() -> Client {
    let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
    let name = ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL"].into_iter().find_map(|name| std::env::var(name).ok());
    assert!(name.is_some_and(|url| url.starts_with("http://127.0.0.1:")), "run this by tests/emulators/run");
    Client::new(&config)
}

async fn with_dynamodb<F: Future<Output = ()>>(law: impl FnOnce(DynamoStore) -> F) {
    let (client, table) = (client().await, uuid::Uuid::new_v4().to_string());
    schema::create(&client, &table).await.unwrap();
    law(DynamoStore::new(client, table)).await;
}

contract!(dynamodb, super::with_dynamodb);
