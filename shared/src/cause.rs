//! Causes of errors, for the operator.

/// An error of any kind, as the cause of another.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Returns the text of the last cause in the chain, such as `Connection refused`.
pub(crate) fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

/// Joins the texts of all causes of `error`, the nearest first.
#[must_use]
pub fn causes(error: &dyn std::error::Error) -> String {
    let mut causes = String::new();
    let mut source = error.source();
    while let Some(inner) = source {
        causes.push_str(if causes.is_empty() { "" } else { ": " });
        causes.push_str(&inner.to_string());
        source = inner.source();
    }
    causes
}
