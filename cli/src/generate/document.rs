//! `openapi.json`: the descriptions of all functions, and their common parts.

use shared::{
    error::Code,
    openapi::{self, Responses, header},
    store,
};
use utoipa::openapi::{
    Components, OpenApi, PathItem, RefOr,
    info::InfoBuilder,
    schema::{ComponentsBuilder, Type},
    security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
};

use crate::functions::{ROUTED, Routed};

/// The document as JSON text.
///
/// # Panics
///
/// Never: a description is JSON.
#[must_use]
pub fn document() -> String {
    let whole = OpenApi::builder()
        .info(
            InfoBuilder::new()
                .title("Farebox")
                .description(Some(
                    "The payment backend of a site. Amounts are in minor units of their currency.",
                ))
                .version(env!("CARGO_PKG_VERSION"))
                .build(),
        )
        .components(Some(common()))
        .build();
    let whole = ROUTED
        .iter()
        .fold(whole, |whole, one| whole.merge_from(described(one)));
    let notifications = store::notifications();
    let mut whole = whole.merge_from(notifications.clone());
    whole.webhooks = notifications.webhooks;
    let text = whole.to_pretty_json().expect("a description is JSON");
    format!("{text}\n")
}

/// The security schemes and the error codes.
fn common() -> Components {
    let token = Http::builder()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some(
            "A JWT of the site's server, or of the issuer in `FAREBOX_JWT_ISSUER`",
        ))
        .build();
    let signature = ApiKeyValue::with_description(
        "Stripe-Signature",
        "Stripe's signature over the exact bytes of the body, by the endpoint's secret",
    );
    ComponentsBuilder::new()
        .security_scheme("callerToken", SecurityScheme::Http(token))
        .security_scheme(
            "stripeSignature",
            SecurityScheme::ApiKey(ApiKey::Header(signature)),
        )
        .schema_from::<Code>()
        .build()
}

/// The description of a function, with its errors.
fn described(one: &Routed) -> OpenApi {
    let mut described = (one.openapi)();
    for operation in one.function.operations() {
        let errors = openapi::errors(&operation);
        for path in described.paths.paths.values_mut() {
            finish(path, operation.method, &errors);
        }
    }
    described
}

/// Adds the errors of the operation with this method, and the common headers.
fn finish(path: &mut PathItem, method: &str, errors: &Responses) {
    let operation = match method {
        "GET" => &mut path.get,
        _ => &mut path.post,
    };
    if let Some(operation) = operation {
        operation.tags = None;
        operation.responses.responses.extend(errors.clone());
        for response in operation.responses.responses.values_mut() {
            if let RefOr::T(response) = response {
                let id = RefOr::T(header(Type::String, "The id of the request in the log"));
                response.headers.insert("X-Request-Id".to_owned(), id);
            }
        }
    }
}
