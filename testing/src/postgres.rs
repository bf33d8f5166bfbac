//! A Postgres server of a test's own, which may be killed, followed by a replica, and run out of
//! disk.

use std::{
    fs::{self, File},
    net::TcpListener,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use tokio_postgres::NoTls;

use crate::until;

/// The variable with the folder of Postgres's programs.
const PROGRAMS: &str = "FAREBOX_TEST_POSTGRES_BIN";

/// The URL of a new and empty database, on the server of scripts/postgres.
///
/// # Panics
///
/// When there is no such server.
pub async fn empty_database() -> String {
    let server = std::env::var("FAREBOX_TEST_POSTGRES");
    let server = server.expect("scripts/postgres sets FAREBOX_TEST_POSTGRES");
    let name = format!("farebox_{:032x}", fastrand::u128(..));
    let admin = format!("{server}/postgres");
    let connected = tokio_postgres::connect(&admin, NoTls).await;
    let (client, connection) = connected.expect("the server answers");
    tokio::spawn(connection);
    let create = format!("CREATE DATABASE {name}");
    let created = client.batch_execute(&create);
    created.await.expect("a database");
    format!("{server}/{name}")
}

/// A server on a port of 127.0.0.1, whose data are synced to the disk; it is killed when dropped.
#[derive(Debug)]
pub struct Postgres {
    /// Where it stores everything.
    folder: PathBuf,
    /// Removed at the end, unless the test gave the folder.
    _temporary: Option<tempfile::TempDir>,
    port: u16,
    options: Vec<String>,
    child: Option<Child>,
}

impl Postgres {
    /// Starts a server with `options`, such as `max_connections=20`. Any password is accepted, of
    /// the superuser `farebox` and of other roles, from this machine.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub async fn start(options: &[&str]) -> Self {
        Self::start_with("trust", options).await
    }

    /// As [`Postgres::start`], but other roles than `farebox` authenticate by a password, and by
    /// TLS or without it, as the client asks.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub async fn start_with_passwords(options: &[&str]) -> Self {
        Self::start_with("scram-sha-256", options).await
    }

    async fn start_with(authentication: &str, options: &[&str]) -> Self {
        let temporary = tempfile::Builder::new().prefix("farebox-").tempdir();
        let temporary = temporary.expect("a temporary folder");
        let mut server = Self::at(temporary.path(), options);
        server._temporary = Some(temporary);
        server.initialize(authentication);
        server.restart().await;
        server
    }

    /// A server whose data are in `folder`, which exists and is empty.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub async fn start_in(folder: &Path, options: &[&str]) -> Self {
        let mut server = Self::at(folder, options);
        server.initialize("trust");
        server.restart().await;
        server
    }

    /// Starts a replica of this server, which follows it by streaming.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub async fn replica(&self) -> Self {
        let temporary = tempfile::Builder::new().prefix("farebox-").tempdir();
        let temporary = temporary.expect("a temporary folder");
        let mut replica = Self::at(temporary.path(), &[]);
        replica._temporary = Some(temporary);
        let source = format!(
            "host=127.0.0.1 port={} user=farebox application_name=replica",
            self.port
        );
        let data = replica.data();
        let arguments = ["--write-recovery-conf", "--no-sync", "--checkpoint=fast"];
        run(program("pg_basebackup")
            .args(["--dbname", &source, "--pgdata"])
            .arg(data)
            .args(arguments));
        replica.restart().await;
        replica
    }

    fn at(folder: &Path, options: &[&str]) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = free.local_addr().expect("it is bound").port();
        hand_to_postgres(folder);
        Self {
            folder: folder.to_owned(),
            _temporary: None,
            port,
            options: options.iter().map(|&one| one.to_owned()).collect(),
            child: None,
        }
    }

    fn initialize(&self, authentication: &str) {
        let arguments = ["--username", "farebox", "--auth", "trust", "--no-sync"];
        run(program("initdb")
            .arg("--pgdata")
            .arg(self.data())
            .args(arguments));
        let access = format!(
            "local all all trust\nhost all farebox 127.0.0.1/32 trust\n\
             host replication farebox 127.0.0.1/32 trust\n\
             host all all 127.0.0.1/32 {authentication}\n"
        );
        fs::write(self.data().join("pg_hba.conf"), access).expect("the access rules");
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Starts the server, again after [`Postgres::kill`], and waits until it answers.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub async fn restart(&mut self) {
        until("the server starts", async || {
            let has_ended = |child: &mut Child| child.try_wait().is_ok_and(|end| end.is_some());
            if self.child.as_mut().is_none_or(has_ended) {
                // Parts of a killed server end a moment after it.
                self.child = Some(self.spawn());
            }
            tokio_postgres::connect(&self.url("postgres"), NoTls)
                .await
                .is_ok()
        })
        .await;
    }

    fn spawn(&self) -> Child {
        let log = self.folder.join("log");
        let log = File::options().create(true).append(true).open(log);
        let log = log.expect("the server's log");
        let mut command = program("postgres");
        command.arg("-D").arg(self.data());
        let own = [
            "listen_addresses=127.0.0.1".to_owned(),
            format!("port={}", self.port),
            "unix_socket_directories=".to_owned(),
        ];
        for option in own.iter().chain(&self.options) {
            command.args(["-c", option]);
        }
        let command = command.current_dir("/").stdout(Stdio::null()).stderr(log);
        command.spawn().expect("the server's program")
    }

    /// Ends the server at once, as a loss of power does.
    ///
    /// # Panics
    ///
    /// When it does not run.
    pub fn kill(&mut self) {
        let pid = fs::read_to_string(self.data().join("postmaster.pid"));
        let pid = pid.expect("the server runs");
        let pid = pid.lines().next().expect("its first line is the process");
        let killed = Command::new("kill").args(["-9", pid]).status();
        assert!(killed.is_ok_and(|status| status.success()), "kill {pid}");
        if let Some(mut child) = self.child.take() {
            let _ = child.wait();
        }
    }

    /// Makes a replica the primary.
    ///
    /// # Panics
    ///
    /// When it cannot be.
    pub fn promote(&self) {
        run(program("pg_ctl").args(["promote", "-D"]).arg(self.data()));
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The URL of `database`, for the superuser.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://farebox@127.0.0.1:{}/{database}", self.port)
    }

    /// Runs `statements` in `database`, as the superuser.
    ///
    /// # Panics
    ///
    /// When the server refuses them.
    pub async fn sql(&self, database: &str, statements: &str) {
        let connected = tokio_postgres::connect(&self.url(database), NoTls).await;
        let (client, connection) = connected.expect("the server answers");
        tokio::spawn(connection);
        let done = client.batch_execute(statements).await;
        done.expect("the server accepts them");
    }

    /// Stores `text` in a file beside the data, which only the server may read; returns its path.
    ///
    /// # Panics
    ///
    /// When the file cannot be written.
    #[must_use]
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.join(name);
        fs::write(&path, text).expect("the file");
        run(Command::new("chmod").arg("600").arg(&path));
        hand_to_postgres(&path);
        path
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let is_running = |child: &mut Child| child.try_wait().is_ok_and(|end| end.is_none());
        if self.child.as_mut().is_some_and(is_running) {
            self.kill();
        }
    }
}

/// A program of Postgres, which refuses to run as root.
fn program(name: &str) -> Command {
    let folder = std::env::var(PROGRAMS);
    let folder = folder.unwrap_or_else(|_| panic!("{PROGRAMS} is set by scripts/postgres"));
    as_postgres(&Path::new(&folder).join(name))
}

/// A command that runs `program` as the user of Postgres, when the tests run as root. It becomes
/// the program, which so gets the signals.
#[must_use]
pub fn as_postgres(program: &Path) -> Command {
    match is_root() {
        true => {
            let mut command = Command::new("setpriv");
            let user = ["--reuid=postgres", "--regid=postgres", "--init-groups"];
            command.args(user).arg("--").arg(program);
            command
        }
        false => Command::new(program),
    }
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

fn hand_to_postgres(path: &Path) {
    if is_root() {
        run(Command::new("chown").arg("postgres").arg(path));
    }
}

fn run(command: &mut Command) {
    let done = command.current_dir("/").output().expect("the program runs");
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{command:?}: {said}");
}
