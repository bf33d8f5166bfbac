//! What was logged.
//!
//! One subscriber serves the whole test program, and hands each line to the log of the thread that
//! wrote it. A subscriber of each thread's own would miss lines: tracing remembers for all threads
//! that nobody listened when a thread without one came by first.

use std::{
    cell::RefCell,
    fs,
    io::{self, Write},
    sync::{Arc, Mutex, Once, PoisonError},
};

use tracing::Level;
use tracing_subscriber::fmt::MakeWriter;

thread_local! {
    static LISTENING: RefCell<Option<Log>> = const { RefCell::new(None) };
}

/// Collects the log of this thread while it lives.
#[derive(Clone, Debug, Default)]
pub struct Log {
    lines: Arc<Mutex<Vec<u8>>>,
}

/// Ends the collecting when it is dropped.
#[derive(Debug)]
pub struct Listening(());

impl Drop for Listening {
    fn drop(&mut self) {
        LISTENING.set(None);
    }
}

impl Log {
    /// Collects from here on, down to the finest level, until the guard is dropped.
    ///
    /// # Panics
    ///
    /// When the program has a subscriber of another kind.
    #[must_use]
    pub fn start() -> (Self, Listening) {
        static SUBSCRIBED: Once = Once::new();
        SUBSCRIBED.call_once(|| {
            let functions = functions();
            let functions: Vec<&str> = functions.iter().map(String::as_str).collect();
            let subscriber = shared::host::subscriber(&functions, Level::TRACE, ByThread);
            tracing::subscriber::set_global_default(subscriber).expect("it is the only one");
        });
        let log = Self::default();
        LISTENING.set(Some(log.clone()));
        (log, Listening(()))
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

/// The functions of the workspace: a test may run several.
fn functions() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../functions");
    let entries = fs::read_dir(folder).expect("it is in the workspace");
    let names = entries.map(|entry| entry.expect("it can be read").file_name());
    names
        .map(|name| name.to_string_lossy().into_owned())
        .collect()
}

/// Writes to the log of the thread at hand; to one that nobody reads where there is none.
struct ByThread;

impl<'a> MakeWriter<'a> for ByThread {
    type Writer = Log;

    fn make_writer(&'a self) -> Log {
        LISTENING.with_borrow(|log| log.clone().unwrap_or_default())
    }
}
