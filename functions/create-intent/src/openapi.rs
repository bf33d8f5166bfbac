//! The route's description for `openapi.json`.

use shared::{
    error::Code,
    openapi::{Responses, errors_to_callers},
};
use utoipa::{IntoResponses, OpenApi};

/// The route's part of `openapi.json`.
#[derive(Debug, OpenApi)]
#[openapi(paths(crate::create))]
pub struct ApiDoc;

/// The responses other than `200`.
pub(crate) struct Refusals;

impl IntoResponses for Refusals {
    fn responses() -> Responses {
        errors_to_callers(&[
            Code::InvalidRequest,
            Code::AmountTooSmall,
            Code::Declined,
            Code::NotFound,
            Code::IdempotencyKeyReused,
            Code::InProgress,
            Code::OrderAlreadyPaid,
            Code::PaymentProcessing,
            Code::OrderCanceled,
            Code::OrderChanged,
            Code::BodyTooLarge,
            Code::TooManyPayments,
        ])
    }
}
