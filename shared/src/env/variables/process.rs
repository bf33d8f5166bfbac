//! Variables for the log and the listening port.

use super::{Group, Readers, Variable};

pub(super) const GROUP: Group = Group {
    title: "Process",
    variables: &[
        Variable::new(
            "FAREBOX_LOG",
            "info",
            Readers::All,
            "How much is logged: `error`, `warn`, `info`, `debug` or `trace`.",
        )
        .by_default(),
        Variable::new(
            "PORT",
            "3000",
            Readers::All,
            "The port on 127.0.0.1 that a function listens on outside Lambda. Vercel sets it.",
        )
        .by_default(),
    ],
};
