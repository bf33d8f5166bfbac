//! Variables for the log, the listening port and a monitor.

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
        Variable::new(
            "FAREBOX_RECONCILE_LATE",
            "1200",
            Readers::Named(&["health"]),
            "Seconds without a success of `reconcile` after which `/api/health` answers 503: 300 \
             to 604800. On Vercel the default is 93600, which suits a daily schedule.",
        )
        .by_default()
        .see("operations.md#health"),
    ],
};
