//! Lists: newest first, a page at a time.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::{
    error::Error,
    params::Params,
    store::{Store, text},
};

const DEFAULT: i64 = 10;
const LARGEST: i64 = 100;

/// The requested page of a list.
#[derive(Debug)]
pub(crate) struct Page {
    limit: usize,
    after: Option<String>,
    before: Option<String>,
    created: Vec<(String, i64)>,
}

impl Page {
    /// Reads `limit`, `starting_after`, `ending_before` and `created`.
    pub(crate) fn read(params: &mut Params) -> Result<Self, Error> {
        let limit = params.integer("limit")?.unwrap_or(DEFAULT);
        if !(1..=LARGEST).contains(&limit) {
            let message = format!("limit has to be between 1 and {LARGEST}.");
            return Err(Error::invalid(&message)
                .code("parameter_invalid_integer")
                .param("limit"));
        }
        let (after, before) = (
            params.text("starting_after")?,
            params.text("ending_before")?,
        );
        if after.is_some() && before.is_some() {
            return Err(Error::invalid(
                "starting_after and ending_before exclude each other.",
            ));
        }
        let limit = usize::try_from(limit).unwrap_or(1);
        let created = created(params)?;
        Ok(Self {
            limit,
            after,
            before,
            created,
        })
    }

    /// The requested page of the `wanted` objects of one kind.
    pub(crate) fn of(
        &self,
        store: &Store,
        kind: &str,
        url: &str,
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<Value, Error> {
        self.of_ids(store, store.ids(kind), kind, url, wanted)
    }

    /// The same among the objects that were created for `customer`, where there is one: their
    /// customer never changes.
    pub(crate) fn of_customer(
        &self,
        store: &Store,
        customer: Option<&str>,
        kind: &str,
        url: &str,
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<Value, Error> {
        let ids = match customer {
            Some(customer) => store.ids_of_customer(customer, kind),
            None => store.ids(kind),
        };
        self.of_ids(store, ids, kind, url, wanted)
    }

    fn of_ids(
        &self,
        store: &Store,
        oldest_first: &[String],
        kind: &str,
        url: &str,
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<Value, Error> {
        let newest_first: Vec<&String> = oldest_first.iter().rev().collect();
        let read = |id: &String| store.peek(id).map(Cow::into_owned);
        self.page(
            &newest_first,
            |id| id.as_str(),
            kind,
            url,
            |id| read(id).filter(|object| wanted(object)),
        )
    }

    /// The requested page of the `wanted` objects among these, in their order.
    pub(crate) fn among<'a>(
        &self,
        all: &[&'a Value],
        kind: &str,
        url: &str,
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<Value, Error> {
        let id = |object: &'a Value| text(object, "id");
        self.page(all, id, kind, url, |object| {
            wanted(object).then(|| object.clone())
        })
    }

    /// The requested page of `all`, newest first; `read` returns an object that matches. Reads no
    /// more objects than the page needs.
    fn page<'a, T: Copy>(
        &self,
        all: &[T],
        id_of: impl Fn(T) -> &'a str,
        kind: &str,
        url: &str,
        read: impl Fn(T) -> Option<Value>,
    ) -> Result<Value, Error> {
        let place = |id: &str, param: &str| {
            let place = all.iter().position(|one| id_of(*one) == id);
            place.ok_or_else(|| Error::missing(kind, id, param))
        };
        let from = match &self.after {
            Some(id) => place(id, "starting_after")? + 1,
            None => 0,
        };
        let to = match &self.before {
            Some(id) => place(id, "ending_before")?,
            None => all.len(),
        };
        let wanted = |one: &T| read(*one).filter(|object| self.is_in_time(object));
        let range = all.get(from..to).unwrap_or_default();
        let enough = self.limit + 1;
        let mut data: Vec<Value> = match self.before {
            Some(_) => range.iter().rev().filter_map(wanted).take(enough).collect(),
            None => range.iter().filter_map(wanted).take(enough).collect(),
        };
        let has_more = data.len() > self.limit;
        data.truncate(self.limit);
        if self.before.is_some() {
            data.reverse();
        }
        Ok(json!({ "object": "list", "url": url, "has_more": has_more, "data": data }))
    }

    fn is_in_time(&self, object: &Value) -> bool {
        let at = object["created"].as_i64().unwrap_or_default();
        self.created
            .iter()
            .all(|(relation, bound)| match relation.as_str() {
                "gt" => at > *bound,
                "gte" => at >= *bound,
                "lt" => at < *bound,
                "lte" => at <= *bound,
                _ => at == *bound,
            })
    }
}

/// `created=5` or `created[gte]=5&created[lt]=9`.
fn created(params: &mut Params) -> Result<Vec<(String, i64)>, Error> {
    if params.is_group("created") {
        let Some(mut bounds) = params.nested("created")? else {
            return Ok(Vec::new());
        };
        let mut created = Vec::new();
        for relation in ["gt", "gte", "lt", "lte"] {
            let bound = bounds.integer(relation)?;
            created.extend(bound.map(|bound| (relation.to_owned(), bound)));
        }
        bounds.finish()?;
        return Ok(created);
    }
    let exactly = params.integer("created")?;
    Ok(exactly
        .map(|at| ("eq".to_owned(), at))
        .into_iter()
        .collect())
}

/// Lists objects of a payment, such as its refunds, by charge or by payment intent.
pub(crate) fn of_payment(
    store: &Store,
    mut params: Params,
    kind: &str,
    url: &str,
) -> Result<Value, Error> {
    let page = Page::read(&mut params)?;
    let charge = params.text("charge")?;
    let intent = params.text("payment_intent")?;
    params.finish()?;
    for (kind, id) in [("charge", &charge), ("payment_intent", &intent)] {
        if let Some(id) = id {
            store.get(kind, id, kind)?;
        }
    }
    page.of(store, kind, url, |object| {
        is(&object["charge"], charge.as_ref()) && is(&object["payment_intent"], intent.as_ref())
    })
}

/// Returns true when a field matches a filter, or without a filter.
pub(crate) fn is(field: &Value, wanted: Option<&String>) -> bool {
    wanted.is_none_or(|wanted| match field {
        Value::Bool(flag) => wanted == if *flag { "true" } else { "false" },
        field => field.as_str() == Some(wanted),
    })
}
