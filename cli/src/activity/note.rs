//! What a row holds: its source, its title, and the request, the order or the decision behind it.

use serde::Serialize;

use crate::{
    exchange::{Answered, Sent},
    mask,
};

/// Why something was decided about an object that is there, so that its name is ours.
const FOUND: [&str; 3] = ["owner", "any", "limit"];

/// Where a row comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// A call of the shop's page to a function.
    Shop,
    /// A call to Stripe.
    Stripe,
    /// An event that arrived at the webhook.
    Webhook,
    /// A run that asked Stripe for missed events.
    Reconcile,
    /// An order whose state changed.
    Order,
    /// A message that was delivered to the site.
    Notify,
    /// A decision about a caller, as a function recorded it.
    Audit,
}

/// Who wanted what, and whether and why it was allowed; the words are those of `docs/security.md`.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditRecord {
    /// The caller's alias.
    pub(crate) who: String,
    /// With commas between.
    pub(crate) roles: String,
    pub(crate) action: String,
    pub(crate) object: String,
    pub(crate) allowed: bool,
    pub(crate) why: String,
    pub(crate) request_id: Option<String>,
}

/// What is told of one thing that happened; no secret is kept of it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Note {
    source: Source,
    title: String,
    ok: bool,
    detail: String,
    order_id: Option<String>,
    event_id: Option<String>,
    intents: Option<usize>,
    request: Option<Sent>,
    response: Option<Answered>,
    pub(super) decision: Option<AuditRecord>,
}

impl Note {
    /// Something that went well.
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

    /// A decision. Its object is searched for secrets where it may be any word that the caller
    /// sent.
    pub(crate) fn of_decision(decision: AuditRecord) -> Self {
        let object = match FOUND.contains(&decision.why.as_str()) {
            true => decision.object,
            false => mask::text(&decision.object),
        };
        let note = Self::new(Source::Audit, &decision.action).ok(decision.allowed);
        let decision = Some(AuditRecord { object, ..decision });
        Self { decision, ..note }
    }

    /// Whether it went well.
    #[must_use]
    pub fn ok(self, ok: bool) -> Self {
        Self { ok, ..self }
    }

    /// A line about how it went.
    #[must_use]
    pub fn detail(self, detail: impl AsRef<str>) -> Self {
        let detail = mask::text(detail.as_ref());
        Self { detail, ..self }
    }

    /// The order that it is about. Of what went wrong the id is searched for secrets: whoever sends
    /// an unsigned event chooses it. Of the rest it stays whole, since the page counts by it.
    #[must_use]
    pub fn order(self, id: Option<String>) -> Self {
        let order_id = match self.ok {
            true => id,
            false => id.map(|id| mask::text(&id)),
        };
        Self { order_id, ..self }
    }

    /// A message of type `kind` and what became of it; `cause` says why it was not delivered.
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

    /// The event that it is about.
    #[must_use]
    pub fn event(self, id: Option<&str>) -> Self {
        let event_id = id.map(mask::text);
        Self { event_id, ..self }
    }

    /// How many payment intents the order has at Stripe now.
    #[must_use]
    pub fn intents(self, intents: Option<usize>) -> Self {
        Self { intents, ..self }
    }

    /// What was sent.
    #[must_use]
    pub fn request(self, sent: Sent) -> Self {
        let request = Some(sent);
        Self { request, ..self }
    }

    /// What was answered.
    #[must_use]
    pub fn answer(self, answered: Answered) -> Self {
        let response = Some(answered);
        Self { response, ..self }
    }
}
