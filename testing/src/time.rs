//! Time that passes at once, and waiting for a moment.

use std::time::{Duration, Instant};

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
    let ends = Instant::now() + Duration::from_secs(20);
    while !holds().await {
        assert!(Instant::now() < ends, "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
