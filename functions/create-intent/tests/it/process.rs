//! The real program as a process of its own, on a free port.

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
};

use serde_json::Value;
use testing::Shop;

/// `create-intent`, running; killed when it is dropped.
pub(crate) struct Process {
    child: Child,
    address: SocketAddr,
}

impl Process {
    /// Starts it with the settings of `shop`, and waits until it listens.
    pub(crate) fn start(shop: &Shop) -> Self {
        let mut child = command(shop).spawn().expect("the program starts");
        let output = child.stdout.take().expect("it is piped");
        let mut lines = BufReader::new(output).lines();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| listening_at(&line))
            .expect("it says where it listens");
        // Read on, so that a full pipe never stops it.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Self { child, address }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it at once, as the platform or a loss of power would.
    pub(crate) fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// The program with the settings of `shop`, and what it logs on a pipe.
pub(crate) fn command(shop: &Shop) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_create-intent"));
    command
        .env_clear()
        .envs(shop.environment())
        .env("PORT", "0")
        .stdout(Stdio::piped());
    command
}

fn listening_at(line: &str) -> Option<SocketAddr> {
    let line: Value = serde_json::from_str(line).ok()?;
    line["address"].as_str()?.parse().ok()
}
