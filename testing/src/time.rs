//! Time that passes at once.

use std::time::Duration;

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
