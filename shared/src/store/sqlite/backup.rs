//! A copy of the file while others write it.
//!
//! `VACUUM INTO` reads one snapshot in one read transaction, so that the copy has all of a
//! transaction or nothing of it. Readers block no writer of a write-ahead log. SQLite's backup API
//! would start again after each write of another process.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OpenFlags};

use super::schema::BUSY;

/// A copy that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backup {
    /// The size of the file.
    pub bytes: i64,
    /// The orders in it.
    pub orders: i64,
}

/// There is no copy, and the database is unchanged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The file of the copy cannot be written, or it exists.
    #[error("{}: {cause}", path.display())]
    File {
        /// Its path.
        path: PathBuf,
        /// The failure.
        cause: io::Error,
    },
    /// The database cannot be opened or read, or the copy cannot be written.
    #[error("SQLite failed: {0}")]
    Database(#[from] rusqlite::Error),
    /// The copy is damaged, and so is perhaps the database.
    #[error("the copy is damaged: {0}")]
    Damaged(String),
    /// The task ended early.
    #[error("the task on the database ended early")]
    Aborted(#[from] tokio::task::JoinError),
}

/// Copies the database in the file `database` into a new file, `copy`, which only its owner may
/// read.
///
/// It does not migrate the database: an older or newer version made it, and can read the copy. When
/// it returns, the copy is complete, checked, and on the disk.
///
/// # Errors
///
/// [`BackupError`]. A file that exists stays as it is.
pub async fn backup(database: &Path, copy: &Path) -> Result<Backup, BackupError> {
    let (database, copy) = (database.to_owned(), copy.to_owned());
    tokio::task::spawn_blocking(move || write(&database, &copy)).await?
}

/// A process that ends in between leaves an empty `copy`, and the unfinished file beside it.
fn write(database: &Path, copy: &Path) -> Result<Backup, BackupError> {
    let of = |path: &Path| {
        let path = path.to_owned();
        |cause| BackupError::File { path, cause }
    };
    let source = open(database)?;
    create(copy).map_err(of(copy))?;
    let unfinished = unfinished(copy);
    let written = (|| {
        let _ = fs::remove_file(&unfinished);
        create(&unfinished).map_err(of(&unfinished))?;
        source.execute("VACUUM INTO ?1", [text(&unfinished)?])?;
        let backup = check(&unfinished)?;
        finish(&unfinished, copy).map_err(of(copy))?;
        Ok(backup)
    })();
    if written.is_err() {
        let _ = fs::remove_file(&unfinished);
        let _ = fs::remove_file(copy);
    }
    written
}

/// Opens the database for reading. SQLite must write the index of the write-ahead log.
fn open(database: &Path) -> Result<Connection, BackupError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(database, flags)?;
    connection.busy_timeout(BUSY)?;
    Ok(connection)
}

/// Creates a file of mode 0600; fails if it exists.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600).open(path)
}

/// The file that SQLite writes, beside `copy`.
fn unfinished(copy: &Path) -> PathBuf {
    let mut name = OsString::from(copy);
    name.push(".unfinished");
    PathBuf::from(name)
}

/// SQL takes a path as text.
fn text(path: &Path) -> Result<&str, BackupError> {
    path.to_str().ok_or_else(|| BackupError::File {
        path: path.to_owned(),
        cause: io::Error::new(io::ErrorKind::InvalidFilename, "the path is not UTF-8"),
    })
}

/// Reads all of the copy.
fn check(copy: &Path) -> Result<Backup, BackupError> {
    let connection = Connection::open_with_flags(copy, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let found: String = connection.pragma_query_value(None, "integrity_check", |row| row.get(0))?;
    if found != "ok" {
        return Err(BackupError::Damaged(found));
    }
    let count = "SELECT count(*) FROM orders";
    let orders = connection.query_row(count, [], |row| row.get(0))?;
    let size = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
    let bytes = connection.query_row(size, [], |row| row.get(0))?;
    Ok(Backup { bytes, orders })
}

/// Writes the file to the disk, and its name.
fn finish(unfinished: &Path, copy: &Path) -> io::Result<()> {
    File::open(unfinished)?.sync_all()?;
    fs::rename(unfinished, copy)?;
    let folder = copy.parent().filter(|path| !path.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
