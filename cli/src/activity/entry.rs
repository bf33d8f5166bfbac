//! An entry of the feed: its source and title, and its request, order or decision.

use serde::Serialize;

use crate::{
    exchange::{ShownRequest, ShownResponse},
    mask,
};

/// The reasons of a decision about an existing object; only then Farebox generated its id.
const FOUND: [&str; 3] = ["owner", "any", "limit"];

/// The source of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// A request from the shop's page to a function.
    Shop,
    /// A request to Stripe.
    Stripe,
    /// A webhook event.
    Webhook,
    /// A reconcile run.
    Reconcile,
    /// A change of an order's status.
    Order,
    /// A notification to the site.
    Notify,
    /// A step of the demo's clock.
    Clock,
    /// An audit record of an access decision.
    Audit,
}

/// An access decision: caller, action, object, result and reason, in the words of
/// `docs/security.md`.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditRecord {
    /// The caller's alias.
    pub(crate) who: String,
    /// Separated by commas.
    pub(crate) roles: String,
    pub(crate) action: String,
    pub(crate) object: String,
    pub(crate) allowed: bool,
    pub(crate) why: String,
    pub(crate) request_id: Option<String>,
}

/// An entry of the feed, without secrets.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    source: Source,
    title: String,
    ok: bool,
    detail: String,
    order_id: Option<String>,
    event_id: Option<String>,
    intents: Option<usize>,
    request: Option<ShownRequest>,
    response: Option<ShownResponse>,
    pub(super) decision: Option<AuditRecord>,
}

impl Entry {
    /// A successful entry.
    pub fn new(source: Source, title: impl AsRef<str>) -> Self {
        Self {
            source,
            title: mask::text(title.as_ref()),
            ok: true,
            detail: String::new(),
            order_id: None,
            event_id: None,
            intents: None,
            request: None,
            response: None,
            decision: None,
        }
    }

    /// An access decision. A caller can send any text as an object, so unknown objects are masked.
    pub(crate) fn of_decision(decision: AuditRecord) -> Self {
        let object = match FOUND.contains(&decision.why.as_str()) {
            true => decision.object,
            false => mask::text(&decision.object),
        };
        let entry = Self::new(Source::Audit, &decision.action).ok(decision.allowed);
        let decision = Some(AuditRecord { object, ..decision });
        Self { decision, ..entry }
    }

    /// Sets the result.
    #[must_use]
    pub fn ok(self, ok: bool) -> Self {
        Self { ok, ..self }
    }

    /// Adds a line of detail.
    #[must_use]
    pub fn detail(self, detail: impl AsRef<str>) -> Self {
        let detail = mask::text(detail.as_ref());
        Self { detail, ..self }
    }

    /// Sets the order. A failed entry masks the id: anyone can send an unsigned event with any id.
    /// A successful entry keeps it whole, because the page counts by it.
    #[must_use]
    pub fn order(self, id: Option<String>) -> Self {
        let order_id = match self.ok {
            true => id,
            false => id.map(|id| mask::text(&id)),
        };
        Self { order_id, ..self }
    }

    /// A delivery of a message of type `kind`; `cause` is the delivery error.
    #[must_use]
    pub(crate) fn of_delivery(
        kind: &str,
        id: &str,
        order: Option<String>,
        cause: Option<&str>,
    ) -> Self {
        let detail = match cause {
            None => format!("{id} · delivered to your site"),
            Some(cause) => format!("{id} · not delivered: {cause}"),
        };
        Self::new(Source::Notify, kind)
            .ok(cause.is_none())
            .detail(detail)
            .order(order)
    }

    /// Sets the event.
    #[must_use]
    pub fn event(self, id: Option<&str>) -> Self {
        let event_id = id.map(mask::text);
        Self { event_id, ..self }
    }

    /// Sets the number of the order's payment intents in the sandbox.
    #[must_use]
    pub fn intents(self, intents: Option<usize>) -> Self {
        Self { intents, ..self }
    }

    /// Sets the request.
    #[must_use]
    pub fn request(self, request: ShownRequest) -> Self {
        let request = Some(request);
        Self { request, ..self }
    }

    /// Sets the response.
    #[must_use]
    pub fn response(self, response: ShownResponse) -> Self {
        let response = Some(response);
        Self { response, ..self }
    }
}
