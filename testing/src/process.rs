//! A function's real program, as a process of its own.

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::Value;

use crate::Shop;

/// A program that serves its function on a free port; it is killed when this is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    address: SocketAddr,
    start: Vec<String>,
    later: Arc<Mutex<Vec<String>>>,
}

impl Process {
    /// Starts `program` with the settings of `shop`, and waits until it listens.
    ///
    /// # Panics
    ///
    /// When it does not start.
    #[must_use]
    pub fn start(program: &str, shop: &Shop) -> Self {
        Self::start_with(program, &[], shop)
    }

    /// Starts `program` with `arguments` and the settings of `shop`, and waits until it listens.
    ///
    /// # Panics
    ///
    /// When it does not start.
    #[must_use]
    pub fn start_with(program: &str, arguments: &[&str], shop: &Shop) -> Self {
        let mut command = shop.command(program);
        let command = command.args(arguments).current_dir(shop.folder());
        let child = command.stdout(Stdio::piped()).spawn();
        let mut child = child.expect("the program starts");
        let output = child.stdout.take().expect("it is piped");
        let mut lines = BufReader::new(output).lines();
        let mut start = Vec::new();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| {
                let address = listening_at(&line);
                start.push(line);
                address
            })
            .expect("it says where it listens");
        // Read on, so that a full pipe never stops it.
        let later = Arc::<Mutex<Vec<String>>>::default();
        let log = Arc::clone(&later);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                log.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(line);
            }
        });
        Self {
            child,
            address,
            start,
            later,
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it logged until it listened, a line each.
    #[must_use]
    pub fn start_log(&self) -> &[String] {
        &self.start
    }

    /// What it has logged since it listens, a line each.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        let later = self.later.lock().unwrap_or_else(PoisonError::into_inner);
        later.clone()
    }

    /// Asks it to stop, as a platform does, and returns whether it ended well.
    ///
    /// # Panics
    ///
    /// When it cannot be waited for.
    #[must_use]
    pub fn terminate(self) -> bool {
        self.ask_to_stop();
        self.wait()
    }

    /// Asks it to stop.
    ///
    /// # Panics
    ///
    /// When it does not run.
    pub fn ask_to_stop(&self) {
        let id = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status();
        assert!(asked.is_ok_and(|status| status.success()), "it runs");
    }

    /// Waits until it ends, and returns whether it ended well.
    ///
    /// # Panics
    ///
    /// When it cannot be waited for.
    #[must_use]
    pub fn wait(mut self) -> bool {
        self.child.wait().expect("it ends").success()
    }

    /// Ends it at once, as the platform or a loss of power would.
    pub fn kill(self) {
        drop(self);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn listening_at(line: &str) -> Option<SocketAddr> {
    let line: Value = serde_json::from_str(line).ok()?;
    line["address"].as_str()?.parse().ok()
}
