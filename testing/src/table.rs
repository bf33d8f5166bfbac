//! A DynamoDB table of a test's own.

use aws_sdk_dynamodb::{
    Client,
    types::{
        AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType,
        Projection, ProjectionType, ScalarAttributeType, StreamSpecification, StreamViewType,
        TimeToLiveSpecification,
    },
};
use shared::Config;

use crate::Shop;

/// The variables that lead to a new and empty table, on the stand-in of scripts/aws-stand-ins.
///
/// # Panics
///
/// When there is no such stand-in.
pub async fn empty_table() -> [(&'static str, String); 5] {
    let stand_in = std::env::var("FAREBOX_TEST_DYNAMODB");
    let stand_in = stand_in.expect("scripts/aws-stand-ins sets FAREBOX_TEST_DYNAMODB");
    let table = format!("farebox-{:032x}", fastrand::u128(..));
    let variables = [
        ("DATABASE_URL", format!("dynamodb:{table}")),
        ("AWS_ENDPOINT_URL", stand_in),
        ("AWS_REGION", "eu-west-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
    ];
    let config = Config::from_lookup(&[], |name| match name {
        "STRIPE_SECRET_KEY" => Some(Shop::SECRET_KEY.to_owned()),
        name => {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.clone())
        }
    });
    let config = config.expect("the settings are right");
    let aws = config.aws.expect("a table needs AWS");
    create_table(&Client::new(&aws.config()), &table).await;
    variables
}

/// Creates the table `name` as `template.yaml` does.
///
/// # Panics
///
/// When DynamoDB refuses.
pub async fn create_table(client: &Client, name: &str) {
    let attribute = |name: &str, kind| {
        let attribute = AttributeDefinition::builder().attribute_name(name);
        let attribute = attribute.attribute_type(kind).build();
        attribute.expect("it has a name and a type")
    };
    let key = |name: &str, kind| {
        let key = KeySchemaElement::builder().attribute_name(name);
        key.key_type(kind)
            .build()
            .expect("it has a name and a type")
    };
    let index = |name| {
        let projection = Projection::builder().projection_type(ProjectionType::KeysOnly);
        let index = GlobalSecondaryIndex::builder()
            .index_name(name)
            .key_schema(key(name, KeyType::Hash))
            .key_schema(key("due_at", KeyType::Range))
            .projection(projection.build());
        index.build().expect("it has a name and keys")
    };
    let stream = StreamSpecification::builder()
        .stream_enabled(true)
        .stream_view_type(StreamViewType::NewImage);
    let stream = stream.build().expect("it is on or off");
    let created = client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(attribute("pk", ScalarAttributeType::S))
        .attribute_definitions(attribute("queue", ScalarAttributeType::S))
        .attribute_definitions(attribute("list", ScalarAttributeType::S))
        .attribute_definitions(attribute("due_at", ScalarAttributeType::N))
        .key_schema(key("pk", KeyType::Hash))
        .global_secondary_indexes(index("queue"))
        .global_secondary_indexes(index("list"))
        .stream_specification(stream);
    if let Err(failure) = created.send().await {
        // The client repeats a request whose answer came late; nobody else knows the name.
        let failure = failure.into_service_error();
        assert!(failure.is_resource_in_use_exception(), "{failure:?}");
    }
    let expiry = TimeToLiveSpecification::builder()
        .attribute_name("expires_at")
        .enabled(true);
    let expiry = client
        .update_time_to_live()
        .table_name(name)
        .time_to_live_specification(expiry.build().expect("it names an attribute"));
    expiry.send().await.expect("the table is there");
}
