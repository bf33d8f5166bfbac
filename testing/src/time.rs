//! Time that passes at once, and waiting for a moment.

use std::time::{Duration, Instant};

/// The longest wait: a test fails rather than hangs.
const LIMIT: Duration = Duration::from_secs(20);

/// Lets `duration` pass for whatever waits on the runtime's clock. The clock runs on as before: a
/// clock that stands would let every limit of time strike while a socket is waited for.
///
/// # Panics
///
/// Outside a runtime of one thread.
pub async fn pass(duration: Duration) {
    tokio::time::pause();
    tokio::time::advance(duration).await;
    tokio::time::resume();
}

/// Waits until `holds`, which has no event of its own to wait for, such as a row that another
/// process writes.
///
/// # Panics
///
/// After 20 seconds, with `what`.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let ends = Instant::now() + LIMIT;
    while !holds().await {
        assert!(Instant::now() < ends, "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Waits until `holds`, which other tasks of this runtime bring about. It looks again whenever they
/// have run, so that the caller acts before they go on from a wait.
///
/// # Panics
///
/// After 20 seconds, with `what`.
pub async fn as_soon_as(what: &str, holds: impl Fn() -> bool) {
    let ends = Instant::now() + LIMIT;
    while !holds() {
        assert!(Instant::now() < ends, "{what}");
        tokio::task::yield_now().await;
    }
}
