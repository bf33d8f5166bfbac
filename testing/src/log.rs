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

    /// Whether these words were logged as such, and not by chance within an identifier or a time:
    /// `4242` is a card, `12:00:00.042429Z` is not.
    #[must_use]
    pub fn says(&self, words: &str) -> bool {
        let text = self.text();
        let is_apart = |next: Option<char>| !next.is_some_and(char::is_alphanumeric);
        text.match_indices(words).any(|(at, found)| {
            let (before, after) = (&text[..at], &text[at + found.len()..]);
            is_apart(before.chars().next_back()) && is_apart(after.chars().next())
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_said_where_it_stands_alone_and_not_within_another() {
        let (log, _guard) = Log::start();
        tracing::info!(target: "shared", id = "req_4242ab", time = "12:00:00.042429Z", "a card");
        assert!(!log.says("4242") && log.says("card") && log.says("a card"));
        tracing::info!(target: "shared", last4 = "4242", "a card");
        assert!(log.says("4242"));
    }
}
