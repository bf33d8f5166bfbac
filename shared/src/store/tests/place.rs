//! The location of a database under test: a new file, a new database on the server, or a new table
//! on the stand-in, that the environment names.

use std::collections::HashMap;

use aws_sdk_dynamodb::{Client, types::AttributeValue};
use tempfile::TempDir;
use testing::create_table;

use crate::{Config, store::Store};

/// The backend.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    Sqlite,
    Postgres,
    /// Postgres, behind PgBouncer in transaction mode.
    PgBouncer,
    DynamoDb,
}

/// A place for one database.
pub(super) struct Home {
    /// Kept until the test ends.
    pub(super) _folder: Option<TempDir>,
    variables: HashMap<&'static str, String>,
}

impl Place {
    pub(super) async fn make(self) -> Home {
        match self {
            Self::Sqlite => {
                let folder = tempfile::tempdir().unwrap();
                let path = folder.path().join("farebox.sqlite");
                let store = format!("sqlite:{}", path.display());
                Home {
                    _folder: Some(folder),
                    variables: HashMap::from([("DATABASE_URL", store), test_key()]),
                }
            }
            Self::Postgres | Self::PgBouncer => {
                let name = new_database().await;
                let home = Home::at(format!("{}/{name}", server(DIRECT)));
                home.migrate().await;
                match self {
                    Self::PgBouncer => Home::at(format!("{}/{name}", server(POOLED))),
                    _ => home,
                }
            }
            Self::DynamoDb => {
                let table = format!("farebox-{:016x}", fastrand::u64(..));
                let home = Home::on_table(&table, &stand_in());
                create_table(&home.client(), &table).await;
                home
            }
        }
    }
}

/// The address of the stand-in for DynamoDB.
pub(super) fn stand_in() -> String {
    std::env::var("FAREBOX_TEST_DYNAMODB").expect(
        "FAREBOX_TEST_DYNAMODB must be the address of a stand-in for DynamoDB: \
         scripts/aws-stand-ins sets it",
    )
}

/// The variable with the address of the Postgres server.
pub(super) const DIRECT: &str = "FAREBOX_TEST_POSTGRES";
/// The variable with the address of the PgBouncer before it.
pub(super) const POOLED: &str = "FAREBOX_TEST_PGBOUNCER";

/// The address of a Postgres server, without a database.
pub(super) fn server(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} must be the address of a Postgres server: scripts/postgres sets it")
    })
}

/// Makes an empty database; returns its name.
pub(super) async fn new_database() -> String {
    let name = format!("farebox_{:016x}", fastrand::u64(..));
    sql(
        &format!("{}/postgres", server(DIRECT)),
        &format!("CREATE DATABASE {name}"),
    )
    .await;
    name
}

/// A connection to `url` that the database does not use.
pub(super) async fn connect(url: &str) -> tokio_postgres::Client {
    let connected = tokio_postgres::connect(url, tokio_postgres::NoTls).await;
    let (client, connection) = connected.unwrap();
    tokio::spawn(connection);
    client
}

/// Runs `statement` at `url`.
pub(super) async fn sql(url: &str, statement: &str) {
    connect(url).await.batch_execute(statement).await.unwrap();
}

/// The key of a process that knows its mode.
fn test_key() -> (&'static str, String) {
    ("STRIPE_SECRET_KEY", "sk_test_a".to_owned())
}

impl Home {
    /// The Postgres database at `url`.
    pub(super) fn at(url: String) -> Self {
        Self {
            _folder: None,
            variables: HashMap::from([("DATABASE_URL", url), test_key()]),
        }
    }

    /// Creates the tables of a Postgres database.
    pub(super) async fn migrate(&self) {
        let config = self.config(&[]);
        Store::migrate(&config.store, &config.secrets)
            .await
            .unwrap();
    }

    /// `DATABASE_URL`.
    pub(super) fn url(&self) -> &str {
        &self.variables["DATABASE_URL"]
    }

    /// The table, reached through `endpoint`.
    pub(super) fn on_table(table: &str, endpoint: &str) -> Self {
        let variables = [
            ("DATABASE_URL", format!("dynamodb:{table}")),
            ("AWS_ENDPOINT_URL", endpoint.to_owned()),
            ("AWS_REGION", "eu-west-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
            test_key(),
        ];
        Self {
            _folder: None,
            variables: HashMap::from(variables),
        }
    }

    /// The same place, reached through another `endpoint`.
    pub(super) fn through(&self, endpoint: &str) -> Self {
        Self::on_table(self.table(), endpoint)
    }

    /// With other values for some variables; a blank one removes one.
    pub(super) fn config(&self, more: &[(&str, &str)]) -> Config {
        let config = Config::from_lookup(&[], |name| {
            let given = more.iter().find(|(more, _)| *more == name);
            let given = given.map(|(_, value)| (*value).to_owned());
            let found = given.or_else(|| self.variables.get(name).cloned());
            found.filter(|value| !value.is_empty())
        });
        config.unwrap()
    }

    /// The table's name.
    pub(super) fn table(&self) -> &str {
        self.variables["DATABASE_URL"]
            .strip_prefix("dynamodb:")
            .unwrap()
    }

    /// Removes the deployment's id, as an operator does to give a copy another. The database is
    /// then as an earlier version left it.
    pub(super) async fn forget_deployment(&self) {
        if self.url().starts_with("postgres:") {
            return sql(self.url(), "UPDATE farebox.meta SET deployment = NULL").await;
        }
        let Some(path) = self.url().strip_prefix("sqlite:") else {
            let update = self.client().update_item().table_name(self.table());
            let update = update
                .key("pk", AttributeValue::S("meta#mode".to_owned()))
                .update_expression("REMOVE deployment");
            update.send().await.unwrap();
            return;
        };
        let file = rusqlite::Connection::open(path).unwrap();
        file.execute_batch("DELETE FROM cursors WHERE name = 'deployment'")
            .unwrap();
    }

    /// A client that the database does not use.
    pub(super) fn client(&self) -> Client {
        Client::new(&self.config(&[]).aws.unwrap().config())
    }
}
