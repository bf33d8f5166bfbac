//! The route's description for `openapi.json`.

use shared::{
    error::Code,
    openapi::{Responses, errors},
};
use utoipa::{IntoResponses, OpenApi};

/// The route's part of `openapi.json`.
#[derive(Debug, OpenApi)]
#[openapi(paths(crate::receive))]
pub struct ApiDoc;

/// The responses other than `200`.
pub(crate) struct Refusals;

impl IntoResponses for Refusals {
    fn responses() -> Responses {
        errors(&[Code::InvalidRequest, Code::BadSignature, Code::BodyTooLarge])
    }
}
