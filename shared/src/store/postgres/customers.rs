//! Links callers to Stripe customers.

use tokio_postgres::Row;

use super::{Postgres, StoreError, Work, Written, column, exactly_one, statement};
use crate::{
    ids::CallerId,
    store::{
        CustomerLink,
        customers::{Customers, caller},
    },
};

const FIND: &str = "SELECT reservation, reserved_at, customer, profile
     FROM farebox.customers WHERE owner = $1";
const HOLDER: &str = "SELECT owner FROM farebox.customers WHERE customer = $1";

/// Reserves anew where the reservation is the one that is gone, $4.
const RESERVE: &str = "INSERT INTO farebox.customers (owner, reservation, reserved_at)
     VALUES ($1, $2, $3)
     ON CONFLICT (owner) DO UPDATE SET reservation = excluded.reservation,
         reserved_at = excluded.reserved_at, customer = NULL, profile = NULL
     WHERE customers.reservation = $4";

impl Customers for Postgres {
    async fn customer_of(&self, owner: &CallerId) -> Result<Option<CustomerLink>, StoreError> {
        let found = self.row(statement!(FIND, owner.as_str())).await?;
        found.as_ref().map(read).transpose()
    }

    async fn reserve_customer(
        &self,
        owner: &CallerId,
        gone: Option<&CustomerLink>,
        now: i64,
    ) -> Result<CustomerLink, StoreError> {
        let made = CustomerLink::reserved(now);
        let reserve = statement!(
            RESERVE,
            owner.as_str(),
            &made.reservation,
            made.reserved_at,
            gone.map(|gone| gone.reservation.as_str()),
        );
        let mut work = Work::new(self);
        let rows = work
            .change(&[reserve, statement!(FIND, owner.as_str())])
            .await?;
        let found = rows.get(1).and_then(|rows| rows.first());
        read(found.ok_or(StoreError::Malformed("owner"))?)
    }

    async fn settle_customer(
        &self,
        owner: &CallerId,
        reserved: &CustomerLink,
        customer: &str,
    ) -> Result<Option<CustomerLink>, StoreError> {
        let link = statement!(
            exactly_one!(
                "UPDATE farebox.customers SET customer = $3
                 WHERE owner = $1 AND reservation = $2 AND customer IS NULL"
            ),
            owner.as_str(),
            &reserved.reservation,
            customer,
        );
        let reads = [
            statement!(HOLDER, customer),
            statement!(FIND, owner.as_str()),
        ];
        let mut work = Work::new(self);
        loop {
            let rows = work.all_rows(&reads).await?;
            let [holder, found] = [0, 1].map(|nth| rows.get(nth).and_then(|rows| rows.first()));
            let holder = holder.map(|row| column::<&str>(row, "owner")).transpose()?;
            if holder.is_some_and(|holder| holder != owner.as_str()) {
                return Err(StoreError::CustomerTaken);
            }
            let found = found.map(read).transpose()?;
            let is_open = |link: &CustomerLink| {
                link.reservation == reserved.reservation && link.customer.is_none()
            };
            if !found.as_ref().is_some_and(is_open) {
                return Ok(found);
            }
            // Whatever the outcome, the next read finds the link as it is then.
            if let Written::Undone(undone) = work.write(std::slice::from_ref(&link)).await? {
                work.again(undone).await?;
            }
        }
    }

    async fn record_profile(
        &self,
        owner: &CallerId,
        link: &CustomerLink,
    ) -> Result<(), StoreError> {
        let record = "UPDATE farebox.customers SET profile = $3
             WHERE owner = $1 AND reservation = $2";
        let (owner, reservation) = (owner.as_str(), &link.reservation);
        self.change(statement!(record, owner, reservation, link.profile_text()))
            .await?;
        Ok(())
    }

    async fn holder_of(&self, customer: &str) -> Result<Option<CallerId>, StoreError> {
        let Some(row) = self.row(statement!(HOLDER, customer)).await? else {
            return Ok(None);
        };
        caller(column(&row, "owner")?).map(Some)
    }
}

fn read(row: &Row) -> Result<CustomerLink, StoreError> {
    Ok(CustomerLink {
        reservation: column(row, "reservation")?,
        reserved_at: column(row, "reserved_at")?,
        customer: column(row, "customer")?,
        profile: CustomerLink::read_profile(column::<Option<&str>>(row, "profile")?),
    })
}
