//! How the route is described in `openapi.json`.

use std::collections::BTreeMap;

use shared::{error::Code, interface::errors_to_callers};
use utoipa::{
    IntoResponses, OpenApi,
    openapi::{RefOr, response::Response},
};

/// The route's part of `openapi.json`.
#[derive(Debug, OpenApi)]
#[openapi(paths(crate::read))]
pub struct Interface;

/// What is answered where it is not `200`.
pub(crate) struct Refusals;

impl IntoResponses for Refusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        errors_to_callers(&[Code::InvalidRequest, Code::NotFound])
    }
}
