//! The messages in `openapi.json`: a webhook for each type. The schemas of their data are those of
//! the types that are written.

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Components, OpenApi, Ref, RefOr, Required,
        content::ContentBuilder,
        path::{
            HttpMethod, Operation, OperationBuilder, ParameterBuilder, ParameterIn, PathItem,
            Paths, PathsBuilder,
        },
        request_body::RequestBodyBuilder,
        response::ResponseBuilder,
        schema::{ComponentsBuilder, ObjectBuilder, Schema, Type},
    },
};

use super::{ENTITLEMENTS_CHANGED, OrderData};
use crate::{
    order::OrderEvent,
    subscription::{
        SubscriptionEvent,
        notification::{EntitlementsData, ReversalData, ReversalEvent, SubscriptionData},
    },
};

/// The name under which all forwarded events are described.
const FORWARDED: &str = "stripe.*";

/// The headers that Standard Webhooks signs with the body, or by which it does.
const HEADERS: [(&str, &str); 3] = [
    ("webhook-id", "The message's id, the same in each delivery"),
    (
        "webhook-timestamp",
        "The time of the delivery, in Unix seconds",
    ),
    (
        "webhook-signature",
        "`v1,` and the signature over id, time and body; several are separated by spaces",
    ),
];

/// A description of all messages.
#[must_use]
pub fn notifications() -> OpenApi {
    OpenApi::builder()
        .webhooks(Some(webhooks()))
        .components(Some(components()))
        .build()
}

fn webhooks() -> Paths {
    let orders = OrderEvent::ALL.iter();
    let orders = orders.map(|one| (one.as_str(), one.when(), named::<OrderData<'_>>()));
    let subscriptions = SubscriptionEvent::ALL.iter();
    let subscriptions =
        subscriptions.map(|one| (one.as_str(), one.when(), named::<SubscriptionData>()));
    let reversals = ReversalEvent::ALL.iter();
    let reversals = reversals.map(|one| (one.as_str(), one.when(), named::<ReversalData>()));
    let entitlements = (
        ENTITLEMENTS_CHANGED,
        "What a caller may use changed.",
        named::<EntitlementsData>(),
    );
    let all = orders.chain(subscriptions).chain(reversals);
    let all = all.chain([entitlements]);
    let described = all.map(|(kind, when, data)| (kind, operation(when, body(only(kind), data))));
    described
        .chain([(FORWARDED, forwarded())])
        .fold(PathsBuilder::new(), |paths, (kind, operation)| {
            paths.path(kind, PathItem::new(HttpMethod::Post, operation))
        })
        .build()
}

/// The schemas that the messages refer to.
fn components() -> Components {
    let mut schemas = Vec::new();
    collect::<OrderData<'_>>(&mut schemas);
    collect::<SubscriptionData>(&mut schemas);
    collect::<ReversalData>(&mut schemas);
    collect::<EntitlementsData>(&mut schemas);
    ComponentsBuilder::new().schemas_from_iter(schemas).build()
}

/// Adds the schema of `T`, and those that it refers to.
fn collect<T: ToSchema>(schemas: &mut Vec<(String, RefOr<Schema>)>) {
    schemas.push((T::name().into_owned(), <T as PartialSchema>::schema()));
    T::schemas(schemas);
}

fn named<T: ToSchema>() -> RefOr<Schema> {
    RefOr::Ref(Ref::from_schema_name(T::name()))
}

/// A Stripe event that is passed on.
fn forwarded() -> Operation {
    let kind = ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some("^stripe\\."))
        .description(Some("`stripe.` and the type of Stripe's event"));
    let event = ObjectBuilder::new().description(Some("Stripe's event, unchanged"));
    let when = "Stripe reported an event whose type `FAREBOX_NOTIFY_EVENTS` names.";
    operation(when, body(kind, RefOr::T(event.into())))
}

/// This type alone.
fn only(kind: &str) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some([kind]))
}

/// The JSON of a message.
fn body(kind: ObjectBuilder, data: RefOr<Schema>) -> Schema {
    let time = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .description(Some("The time when it was written, in Unix seconds"));
    ObjectBuilder::new()
        .property("type", kind)
        .property("timestamp", time)
        .property("data", data)
        .required("type")
        .required("timestamp")
        .required("data")
        .into()
}

fn operation(when: &str, body: Schema) -> Operation {
    let content = ContentBuilder::new().schema(Some(body)).build();
    let request = RequestBodyBuilder::new()
        .content("application/json", content)
        .required(Some(Required::True));
    let headers = HEADERS.map(|(name, about)| {
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Header)
            .required(Required::True)
            .description(Some(about))
            .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
            .build()
    });
    let acknowledged = ResponseBuilder::new()
        .description("The site handled the message; after any other answer it is sent again");
    OperationBuilder::new()
        .summary(Some(when))
        .parameters(Some(headers))
        .request_body(Some(request.build()))
        .response("2XX", acknowledged)
        .build()
}
