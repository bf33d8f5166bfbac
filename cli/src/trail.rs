//! Access decisions from the functions' log: each audit line becomes a row of the activity feed, at
//! any log level.
//!
//! Deliveries to another site become rows by their log lines as well; the demo shop adds its own.
//!
//! The reason for a 401 is in the log only, because a stranger must not learn it. The developer who
//! runs `cargo dev` reads it in the terminal.

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
    activity::{Activity, AuditRecord, Entry},
    terminal,
};

/// A tracing layer that adds each decision to `activity`.
pub fn into(activity: Activity) -> impl Layer<Registry> + Send + Sync {
    let audit_requests_and_deliveries = Targets::new().with_target("shared", LevelFilter::INFO);
    let last_cause = Mutex::default();
    Trail {
        activity,
        last_cause,
    }
    .with_filter(audit_requests_and_deliveries)
}

#[derive(Debug)]
struct Trail {
    activity: Activity,
    /// The last printed cause: a page that polls repeats it.
    last_cause: Mutex<String>,
}

impl Trail {
    fn warn_once(&self, cause: String) {
        let mut last_cause = self
            .last_cause
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if *last_cause != cause {
            terminal::warn(&format!("responded 401 unauthenticated: {cause}"));
            *last_cause = cause;
        }
    }
}

/// The request id of a span.
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
            let delivery = Entry::of_delivery(&kind, &id, read.order_id, read.cause.as_deref());
            return self.activity.add_external(delivery);
        }
        if let (Some(401), Some(cause)) = (read.status, read.cause) {
            self.warn_once(cause);
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
        self.activity.add(Entry::of_decision(decision));
    }
}

/// The fields of a log line or span; docs/security.md lists their names.
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
