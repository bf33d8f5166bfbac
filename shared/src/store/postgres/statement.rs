//! A statement with its values, and the reading of rows.

use tokio_postgres::{
    Row,
    types::{FromSql, ToSql, Type},
};

use crate::store::StoreError;

/// One statement. It is never prepared under a name: a pooler that hands each transaction to
/// another connection would not know the name.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    pub(super) sql: &'static str,
    values: Vec<Value>,
}

/// A value of a statement. The schema has texts and numbers alone.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(Option<String>),
    Texts(Vec<String>),
    Number(Option<i64>),
    Numbers(Vec<i64>),
}

/// Makes a [`Statement`] of its SQL and its values, `$1` first.
macro_rules! statement {
    ($sql:expr $(, $value:expr)* $(,)?) => {
        $crate::store::postgres::statement::Statement::new(
            $sql,
            vec![$($crate::store::postgres::statement::Value::from($value)),*],
        )
    };
}
pub(super) use statement;

/// 1 in a transaction that BEGIN began, else 0. Where BEGIN failed, the statements sent behind it
/// would each be a transaction of their own.
macro_rules! is_begun {
    () => {
        "coalesce(current_setting('farebox.is_begun', true) = 'yes', false)::int"
    };
}
pub(super) use is_begun;

/// Wraps a write of a transaction that must change exactly one row: else the statement fails, by a
/// division by zero, and the whole transaction with it. So the transaction need not wait for an
/// answer in between.
macro_rules! exactly_one {
    ($sql:expr) => {
        concat!(
            "WITH changed AS (",
            $sql,
            " RETURNING 1) SELECT 1 / (count(*) * ",
            $crate::store::postgres::statement::is_begun!(),
            ") FROM changed"
        )
    };
}
pub(super) use exactly_one;

/// Wraps a write of a transaction that may change nothing.
macro_rules! at_most_one {
    ($sql:expr) => {
        concat!(
            "WITH changed AS (",
            $sql,
            " RETURNING 1) SELECT 1 / ",
            $crate::store::postgres::statement::is_begun!()
        )
    };
}
pub(super) use at_most_one;

impl Statement {
    pub(super) fn new(sql: &'static str, values: Vec<Value>) -> Self {
        Self { sql, values }
    }

    /// The values with their types, as the client takes them.
    pub(super) fn parameters(&self) -> Vec<(&(dyn ToSql + Sync), Type)> {
        self.values.iter().map(Value::typed).collect()
    }
}

impl Value {
    fn typed(&self) -> (&(dyn ToSql + Sync), Type) {
        match self {
            Self::Text(text) => (text, Type::TEXT),
            Self::Texts(texts) => (texts, Type::TEXT_ARRAY),
            Self::Number(number) => (number, Type::INT8),
            Self::Numbers(numbers) => (numbers, Type::INT8_ARRAY),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Some(text))
    }
}

impl From<Option<&str>> for Value {
    fn from(text: Option<&str>) -> Self {
        Self::Text(text.map(str::to_owned))
    }
}

impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<String>> for Value {
    fn from(texts: Vec<String>) -> Self {
        Self::Texts(texts)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(Some(number))
    }
}

impl From<Option<i64>> for Value {
    fn from(number: Option<i64>) -> Self {
        Self::Number(number)
    }
}

impl From<Vec<i64>> for Value {
    fn from(numbers: Vec<i64>) -> Self {
        Self::Numbers(numbers)
    }
}

/// The value of a column.
///
/// # Errors
///
/// [`StoreError::Malformed`] when the column is missing or of another type.
pub(super) fn column<'a, T: FromSql<'a>>(
    row: &'a Row,
    name: &'static str,
) -> Result<T, StoreError> {
    row.try_get(name).map_err(|_| StoreError::Malformed(name))
}
