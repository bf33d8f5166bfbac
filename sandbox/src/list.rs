//! Lists: newest first, a page at a time.

use serde_json::{Value, json};

use crate::{
    error::Error,
    params::Params,
    store::{Store, text},
};

const DEFAULT: i64 = 10;
const LARGEST: i64 = 100;

/// Which page of which list was asked for.
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
                "A page starts after an object or ends before one, not both.",
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

    /// The page of the objects of one kind that are wanted.
    pub(crate) fn of(
        &self,
        store: &Store,
        kind: &str,
        url: &str,
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<Value, Error> {
        let all: Vec<&Value> = store.all(kind).rev().collect();
        self.among(&all, kind, url, wanted)
    }

    /// The page of these objects that are wanted, in their order.
    pub(crate) fn among(
        &self,
        all: &[&Value],
        kind: &str,
        url: &str,
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<Value, Error> {
        let place = |id: &str, param: &str| {
            let place = all.iter().position(|object| text(object, "id") == id);
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
        let wanted = |object: &&&Value| self.is_in_time(object) && wanted(object);
        let mut data: Vec<&Value> = all[from..to].iter().filter(wanted).copied().collect();
        let has_more = data.len() > self.limit;
        if self.before.is_some() {
            data.drain(..data.len().saturating_sub(self.limit));
        }
        data.truncate(self.limit);
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

/// What came of a payment, such as its refunds: `kind` at `url`, by charge or by payment intent.
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

/// Whether a field has the value that a filter names; no filter lets everything through.
pub(crate) fn is(field: &Value, wanted: Option<&String>) -> bool {
    wanted.is_none_or(|wanted| match field {
        Value::Bool(flag) => wanted == if *flag { "true" } else { "false" },
        field => field.as_str() == Some(wanted),
    })
}
