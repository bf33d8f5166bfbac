//! The query: which orders a list holds, and the cursor of its next page.
//!
//! A cursor holds its list's filter and the place of the last order. It counts for that filter
//! alone. An altered one begins at another place of a list that the caller may read, and of no
//! other.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use shared::{
    Error,
    access::{CallerId, Reached, ReadOrder},
    order::{Order, OrderId, Status},
    rfc3339,
    store::{OrderPosition, OrderRange},
};

/// The number of orders on a page without `limit`.
const LIMIT: u32 = 20;
/// The most orders on a page.
pub const MAX_LIMIT: u32 = 100;

/// The query's parameters, as sent.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Parameters {
    status: Option<String>,
    from: Option<String>,
    to: Option<String>,
    owner: Option<String>,
    cursor: Option<String>,
    limit: Option<String>,
}

/// The parameters, read, before the caller's reach is known.
#[derive(Debug)]
pub struct Asked {
    filter: Filter,
    cursor: Option<String>,
    limit: u32,
}

/// The orders of one list.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Their owner; `None` for everybody's.
    pub owner: Option<CallerId>,
    /// Their status; `None` for any.
    pub status: Option<Status>,
    /// The earliest and the latest time of their creation, in Unix seconds.
    times: (i64, i64),
}

impl Asked {
    /// Reads the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] names the one that is malformed.
    pub fn parse(parameters: Parameters) -> Result<Self, Error> {
        let Parameters {
            status,
            from,
            to,
            owner,
            cursor,
            limit,
        } = parameters;
        let earliest = from.map_or(Ok(0), |from| time("from", &from))?;
        let latest = match to {
            None => i64::MAX,
            Some(to) => time("to", &to)? - 1,
        };
        if latest < earliest {
            return Err(Error::invalid("`to` must be later than `from`"));
        }
        let filter = Filter {
            owner: owner.as_deref().map(caller).transpose()?,
            status: status.as_deref().map(status_called).transpose()?,
            times: (earliest, latest),
        };
        let limit = limit.as_deref().map_or(Ok(LIMIT), limited)?;
        Ok(Self {
            filter,
            cursor,
            limit,
        })
    }

    /// The owner that the query names.
    #[must_use]
    pub fn owner(&self) -> Option<&CallerId> {
        self.filter.owner.as_ref()
    }

    /// The most orders on the page.
    #[must_use]
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// The list that `caller` reads, and the place after which the page begins.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] when the cursor is malformed, or another list's.
    pub fn by(
        &self,
        caller: &Reached<ReadOrder>,
    ) -> Result<(Filter, Option<OrderPosition>), Error> {
        let mut filter = self.filter.clone();
        if !caller.reaches_any() {
            filter.owner = Some(caller.caller().clone());
        }
        let after = self.cursor.as_deref().map(|text| filter.position_in(text));
        let after = after.map(|after| {
            after.ok_or_else(|| {
                Error::invalid(
                    "`cursor` must be the `nextCursor` of the page before, with the same other \
                     parameters",
                )
            })
        });
        Ok((filter, after.transpose()?))
    }
}

impl Filter {
    /// The part of the list after a place.
    #[must_use]
    pub fn range(&self, after: Option<OrderPosition>, most: u32) -> OrderRange {
        let (earliest, latest) = self.times;
        OrderRange {
            earliest,
            latest,
            after,
            most,
        }
    }

    /// Returns true when `order` has the status.
    #[must_use]
    pub fn selects(&self, order: &Order) -> bool {
        self.status.is_none_or(|status| order.status() == status)
    }

    /// The cursor of the page after `position`.
    #[must_use]
    pub fn cursor(&self, position: &OrderPosition) -> String {
        let OrderPosition { created_at, id } = position;
        URL_SAFE_NO_PAD.encode(format!("{}{created_at}.{id}", self.prefix()))
    }

    /// The position in `cursor`; `None` when it is no cursor of this list.
    fn position_in(&self, cursor: &str) -> Option<OrderPosition> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
        let (created_at, id) = text.strip_prefix(&self.prefix())?.split_once('.')?;
        let position = OrderPosition {
            created_at: created_at.parse().ok()?,
            id: OrderId::parse(id).ok()?,
        };
        let (earliest, latest) = self.times;
        let is_inside = (earliest..=latest).contains(&position.created_at);
        // A number has several forms, such as with a plus; this page was named by one.
        (is_inside && self.cursor(&position) == cursor).then_some(position)
    }

    /// The beginning of this list's cursors: the filter, without the owner's id.
    fn prefix(&self) -> String {
        let owner = self.owner.as_ref().map(CallerId::alias);
        let owner = owner.as_deref().unwrap_or("all");
        let status = self.status.map_or("any", Status::as_str);
        let (earliest, latest) = self.times;
        format!("{owner}.{status}.{earliest}.{latest}.")
    }
}

/// Unix seconds, or a time such as 2026-11-20T12:00:00Z, from 1970 to 9999.
fn time(name: &str, text: &str) -> Result<i64, Error> {
    const LAST: i64 = 253_402_300_799;
    let seconds = rfc3339::seconds(text).filter(|seconds| (0..=LAST).contains(seconds));
    seconds.ok_or_else(|| {
        Error::invalid(format!(
            "`{name}` must be a time such as 2026-11-20T12:00:00Z, or Unix seconds"
        ))
    })
}

fn caller(text: &str) -> Result<CallerId, Error> {
    let caller = CallerId::parse(text);
    caller.ok_or_else(|| Error::invalid("`owner` must be a caller's `sub`"))
}

fn status_called(name: &str) -> Result<Status, Error> {
    Status::parse(name).ok_or_else(|| {
        let names = Status::ALL.map(Status::as_str).join(", ");
        Error::invalid(format!("`status` must be one of {names}"))
    })
}

fn limited(text: &str) -> Result<u32, Error> {
    let limit = text.parse().ok().filter(|n| (1..=MAX_LIMIT).contains(n));
    limit.ok_or_else(|| Error::invalid(format!("`limit` must be from 1 to {MAX_LIMIT}")))
}
