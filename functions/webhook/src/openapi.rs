//! How the route is described in `openapi.json`.

use shared::{
    error::Code,
    openapi::{Responses, errors},
};
use utoipa::{IntoResponses, OpenApi};

/// The route's part of `openapi.json`.
#[derive(Debug, OpenApi)]
#[openapi(paths(crate::receive))]
pub struct ApiDoc;

/// What is answered where it is not `200`.
pub(crate) struct Refusals;

impl IntoResponses for Refusals {
    fn responses() -> Responses {
        errors(&[Code::InvalidRequest, Code::BadSignature, Code::BodyTooLarge])
    }
}
