//! `farebox import FILE`: ties customers that exist at Stripe to callers, and adopts their
//! subscriptions.
//!
//! The file is CSV with the columns `caller` and `customer`. Each row is checked, tied and reported
//! on its own; a second run goes on where the first one failed. `rows` reads the file.

mod rows;

use std::{fmt, path::Path, process::ExitCode};

use futures_util::{StreamExt as _, stream};
use reconcile::adopt::{AdoptError, Adopted, Adopter};
use rows::{Row, RowError};
use shared::{
    App,
    cause::causes,
    customers::{Customers, TieError, Tied},
    env::need,
    host::{self, ReadConfig},
};

/// The most rows at once: each takes several calls to Stripe.
const AT_ONCE: usize = 4;
/// The settings that it needs.
const NEEDS: &[&str] = &[need::STRIPE_SECRET_KEY, need::DATABASE_URL];

/// Runs the command with its `arguments`, after its name.
pub async fn run(arguments: &[String], config: ReadConfig) -> ExitCode {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (file, is_dry) = match arguments.as_slice() {
        [file] if !file.starts_with('-') => (Some(*file), false),
        ["--dry-run", file] | [file, "--dry-run"] if !file.starts_with('-') => (Some(*file), true),
        _ => (None, false),
    };
    match file {
        Some(file) => host::run("farebox", import(Path::new(file), is_dry, config)).await,
        None => {
            let commands = [
                (
                    "import FILE",
                    "tie the Stripe customers of a CSV file to callers, and adopt their \
                     subscriptions",
                ),
                (
                    "import --dry-run FILE",
                    "check the file, and change nothing",
                ),
            ];
            let usage = host::usage_lines("farebox", &commands);
            let arguments: Vec<String> = arguments.into_iter().map(str::to_owned).collect();
            let form = "FILE is CSV with the columns `caller` and `customer`.";
            host::usage(&arguments, &format!("{usage}\n{form}"))
        }
    }
}

/// The reason why an import did not do all of its work.
#[derive(Debug, thiserror::Error)]
enum ImportError {
    #[error("the file cannot be read")]
    Unreadable(#[from] std::io::Error),
    #[error(transparent)]
    Malformed(#[from] rows::Malformed),
    #[error("{0} rows failed: correct them, and run it again")]
    Failed(usize),
}

impl From<ImportError> for host::Error {
    fn from(failure: ImportError) -> Self {
        Self::Work(failure.into())
    }
}

async fn import(file: &Path, is_dry: bool, config: ReadConfig) -> Result<(), host::Error> {
    let text = std::fs::read_to_string(file).map_err(ImportError::from)?;
    let rows = rows::read(&text).map_err(ImportError::from)?;
    let app = App::open(&config(NEEDS)?, true).await?;
    let importer = Importer {
        adopter: Adopter::new(&app),
        app,
        is_dry,
    };
    let totals = importer.import(rows).await;
    print(&totals);
    match totals.failed {
        0 => Ok(()),
        failed => Err(ImportError::Failed(failed).into()),
    }
}

/// Ties the customers of a file.
struct Importer {
    app: App,
    adopter: Adopter,
    is_dry: bool,
}

/// The reason why a row was not imported.
#[derive(Debug, thiserror::Error)]
enum RowFailure {
    #[error(transparent)]
    Row(#[from] RowError),
    #[error(transparent)]
    Tie(#[from] TieError),
    #[error("tied, but its subscriptions were not adopted")]
    Adopt(#[from] AdoptError),
}

/// The counts of an import, by rows.
#[derive(Debug, Default)]
struct Totals {
    is_dry: bool,
    tied: usize,
    already: usize,
    left: usize,
    failed: usize,
    adopted: Adopted,
}

impl Importer {
    async fn import(&self, rows: Vec<Row>) -> Totals {
        let mut totals = Totals {
            is_dry: self.is_dry,
            ..Totals::default()
        };
        let mut imported = stream::iter(rows)
            .map(|row| async move { (self.import_row(&row).await, row.line) })
            .buffered(AT_ONCE);
        while let Some((imported, line)) = imported.next().await {
            let said = totals.count(imported);
            print(&format!("line {line}: {said}"));
        }
        totals
    }

    async fn import_row(&self, row: &Row) -> Result<(Tied, Adopted), RowFailure> {
        let (owner, customer) = row.link.as_ref().map_err(Clone::clone)?;
        let customers = Customers {
            stripe: &self.app.stripe,
            store: &self.app.store,
            clock: &self.app.clock,
        };
        if self.is_dry {
            let tied = customers.check_tie(owner, customer).await?;
            return Ok((tied, Adopted::default()));
        }
        let tied = customers.tie(owner, customer).await?;
        let adopted = self.adopter.adopt(Some(customer)).await?;
        Ok((tied, adopted.if_complete()?))
    }
}

impl Totals {
    /// Counts a row; returns its report.
    fn count(&mut self, imported: Result<(Tied, Adopted), RowFailure>) -> String {
        let (tied, adopted) = match imported {
            Ok(imported) => imported,
            Err(RowFailure::Tie(other @ TieError::OtherCustomer(_))) => {
                self.left += 1;
                return format!("left as it is: {other}");
            }
            Err(failure) => {
                self.failed += 1;
                return format!("failed: {failure} {}", causes(&failure))
                    .trim_end()
                    .to_owned();
            }
        };
        self.adopted = self.adopted.and(adopted);
        let is_new = tied == Tied::New;
        self.tied += usize::from(is_new);
        self.already += usize::from(!is_new);
        match (is_new, self.is_dry) {
            (true, true) => "can be tied".to_owned(),
            (true, false) => format!("tied; {adopted}"),
            (false, true) => "is tied already".to_owned(),
            (false, false) => format!("was tied already; {adopted}"),
        }
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            is_dry,
            tied,
            already,
            left,
            failed,
            adopted,
        } = self;
        let tied_now = if *is_dry { "can be tied" } else { "tied" };
        write!(
            f,
            "{tied} {tied_now}, {already} tied before, {left} left with another customer, \
             {failed} failed"
        )?;
        match is_dry {
            true => f.write_str("; nothing was changed"),
            false => write!(f, "\n{adopted}"),
        }
    }
}

#[expect(clippy::print_stdout, reason = "an operator asked for it")]
fn print(text: &impl fmt::Display) {
    println!("{text}");
}
