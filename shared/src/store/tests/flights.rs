//! A relay between the database and Postgres: it delays each flight, counts round trips, and cuts
//! connections or swallows what they carry.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::JoinHandle,
};

/// The time that each flight takes, in either direction.
pub(super) const DELAY: Duration = Duration::from_millis(5);

pub(super) struct Flights {
    pub(super) address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    round_trips: AtomicUsize,
    /// Open connections swallow everything from here on; new ones do not.
    is_deaf: AtomicUsize,
    opened: AtomicUsize,
    open: AtomicUsize,
    /// The answers until one is lost, and its connection with it; 0 loses none.
    loses_answer: AtomicUsize,
    /// Every BEGIN is made a syntax error.
    spoils_begin: AtomicBool,
    cut: Notify,
}

impl Shared {
    /// True for the answer that is to be lost.
    fn loses(&self) -> bool {
        let next = |left: usize| left.checked_sub(1);
        self.loses_answer.fetch_update(SeqCst, SeqCst, next) == Ok(1)
    }
}

impl Flights {
    /// A relay to `server`.
    pub(super) async fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::<Shared>::default();
        let state = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let server = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
                let state = Arc::clone(&state);
                tokio::spawn(async move {
                    state.open.fetch_add(1, SeqCst);
                    relay(client, server, &state).await;
                    state.open.fetch_sub(1, SeqCst);
                });
            }
        });
        Self {
            address,
            shared,
            task,
        }
    }

    /// The round trips since the last call.
    pub(super) fn round_trips(&self) -> usize {
        self.shared.round_trips.swap(0, SeqCst)
    }

    /// The connections since the last call.
    pub(super) fn opened(&self) -> usize {
        self.shared.opened.swap(0, SeqCst)
    }

    /// The connections that are open.
    pub(super) fn open(&self) -> usize {
        self.shared.open.load(SeqCst)
    }

    /// Swallows what the open connections carry from here on.
    pub(super) fn swallow(&self) {
        self.shared.is_deaf.fetch_add(1, SeqCst);
    }

    /// Ends the open connections.
    pub(super) fn cut(&self) {
        self.shared.cut.notify_waiters();
    }

    /// Loses the answer to the `nth` of the next round trips, from 1, and the connection with it.
    pub(super) fn lose_answer(&self, nth: usize) {
        self.shared.loses_answer.store(nth, SeqCst);
    }

    /// Makes every BEGIN a syntax error, or no more.
    pub(super) fn spoil_begin(&self, spoils: bool) {
        self.shared.spoils_begin.store(spoils, SeqCst);
    }
}

impl Drop for Flights {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn relay(mut client: TcpStream, mut server: TcpStream, shared: &Shared) {
    shared.opened.fetch_add(1, SeqCst);
    let born = shared.is_deaf.load(SeqCst);
    let (mut from_client, mut from_server) = (vec![0; 1 << 20], vec![0; 1 << 20]);
    let mut is_asking = false;
    loop {
        tokio::select! {
            () = shared.cut.notified() => return,
            read = client.read(&mut from_client) => {
                let Ok(read @ 1..) = read else { return };
                if shared.is_deaf.load(SeqCst) > born {
                    continue;
                }
                if !std::mem::replace(&mut is_asking, true) {
                    shared.round_trips.fetch_add(1, SeqCst);
                }
                tokio::time::sleep(DELAY).await;
                if shared.spoils_begin.load(SeqCst) {
                    spoil(&mut from_client[..read]);
                }
                server.write_all(&from_client[..read]).await.unwrap();
            }
            read = server.read(&mut from_server) => {
                let Ok(read @ 1..) = read else { return };
                if is_asking && shared.loses() {
                    // The server has begun to answer; it goes on without the connection.
                    return;
                }
                if shared.is_deaf.load(SeqCst) > born {
                    continue;
                }
                is_asking = false;
                tokio::time::sleep(DELAY).await;
                if client.write_all(&from_server[..read]).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Replaces the word BEGIN by another of its length.
fn spoil(bytes: &mut [u8]) {
    const BEGIN: &[u8] = b"BEGIN";
    let found = bytes.windows(BEGIN.len()).position(|word| word == BEGIN);
    if let Some(at) = found {
        bytes[at..at + BEGIN.len()].copy_from_slice(b"BEGUN");
    }
}
