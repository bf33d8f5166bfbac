//! What was logged.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex, PoisonError},
};

use tracing::{Level, subscriber::DefaultGuard};
use tracing_subscriber::fmt::MakeWriter;

/// Collects the log of this thread while it lives.
#[derive(Clone, Debug, Default)]
pub struct Log {
    lines: Arc<Mutex<Vec<u8>>>,
}

impl Log {
    /// Collects from here on, down to the finest level, until the guard is dropped.
    #[must_use]
    pub fn start() -> (Self, DefaultGuard) {
        // Every thread has a subscriber from here on. Else a line that a thread without one passes first
        // would be held to interest nobody, and be missing here.
        let _ = tracing::subscriber::set_global_default(shared::host::subscriber(
            Level::TRACE,
            io::sink,
        ));
        let log = Self::default();
        let subscriber = shared::host::subscriber(Level::TRACE, log.clone());
        (log, tracing::subscriber::set_default(subscriber))
    }

    /// All that was logged so far.
    #[must_use]
    pub fn text(&self) -> String {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&lines).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
