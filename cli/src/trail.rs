//! The record of decisions, as the functions write it: each audit line of their log becomes a row
//! too, whatever level is logged. Nothing is decided or judged here.
//!
//! What is delivered to a site of the developer's own becomes a row by the log as well; the demo
//! shop notes what reaches it by itself.
//!
//! Why a caller is not known stands in the log alone, since a stranger must not learn it; whoever
//! runs `cargo dev` is the developer, and reads it in the terminal.

use std::sync::{Mutex, PoisonError};

use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span::{Attributes, Id},
};
use tracing_subscriber::{
    Layer, Registry,
    filter::Targets,
    layer::Context,
    registry::{LookupSpan, SpanRef},
};

use crate::{
    activity::{Activity, AuditRecord, Note},
    terminal,
};

/// Listens to what the functions log, and notes each decision in `activity`.
pub fn into(activity: Activity) -> impl Layer<Registry> + Send + Sync {
    let audit_requests_and_deliveries = Targets::new()
        .with_target("shared", LevelFilter::INFO)
        .with_target("notify", LevelFilter::INFO);
    let said = Mutex::default();
    Trail { activity, said }.with_filter(audit_requests_and_deliveries)
}

#[derive(Debug)]
struct Trail {
    activity: Activity,
    /// The cause that was said last: a page that asks again and again has one.
    said: Mutex<String>,
}

impl Trail {
    fn say(&self, cause: String) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if *said != cause {
            terminal::warn(&format!("answered 401 unauthenticated: {cause}"));
            *said = cause;
        }
    }
}

/// The id of the request that a span is about.
struct RequestId(String);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Trail {
    fn on_new_span(&self, fields: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut read = Fields::default();
        fields.record(&mut read);
        if let (Some(span), Some(request)) = (context.span(id), read.request_id) {
            span.extensions_mut().insert(RequestId(request));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut read = Fields::default();
        event.record(&mut read);
        if let Some(kind) = read.message_type {
            let id = read.message_id.unwrap_or_default();
            let delivery = Note::of_delivery(&kind, &id, read.order_id, read.cause.as_deref());
            return self.activity.note_elsewhere(delivery);
        }
        if let (Some(401), Some(cause)) = (read.status, read.cause) {
            self.say(cause);
        }
        if !read.is_audit {
            return;
        }
        let request = |span: SpanRef<'_, S>| Some(span.extensions().get::<RequestId>()?.0.clone());
        let mut spans = context.event_scope(event).into_iter().flatten();
        let decision = AuditRecord {
            request_id: spans.find_map(request),
            ..read.decision
        };
        self.activity.note(Note::of_decision(decision));
    }
}

/// What a line or a span of the log holds; docs/security.md has the names.
#[derive(Default)]
struct Fields {
    is_audit: bool,
    request_id: Option<String>,
    status: Option<u64>,
    cause: Option<String>,
    message_id: Option<String>,
    message_type: Option<String>,
    order_id: Option<String>,
    decision: AuditRecord,
}

impl Visit for Fields {
    fn record_bool(&mut self, field: &Field, value: bool) {
        match field.name() {
            "audit" => self.is_audit = value,
            "allowed" => self.decision.allowed = value,
            _ => {}
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "http.status" {
            self.status = Some(value);
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let place = match field.name() {
            "request.id" => return self.request_id = Some(value.to_owned()),
            "cause" => return self.cause = Some(value.to_owned()),
            "message.id" => return self.message_id = Some(value.to_owned()),
            "message.type" => return self.message_type = Some(value.to_owned()),
            "order.id" => return self.order_id = Some(value.to_owned()),
            "who" => &mut self.decision.who,
            "roles" => &mut self.decision.roles,
            "action" => &mut self.decision.action,
            "object" => &mut self.decision.object,
            "why" => &mut self.decision.why,
            _ => return,
        };
        value.clone_into(place);
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}
