//! Links callers to Stripe customers.
//!
//! `customer#ALIAS` is a caller's link, and `holder#cus_…` names a customer's caller. The latter
//! stays when the link is reserved anew: it is the history, and the link itself the present.

use aws_sdk_dynamodb::operation::put_item::PutItemInput;

use super::{
    DynamoDb, PUT, StoreError,
    attempt::{Answer, Attempts},
    item::{Item, Kind, Write as _, keyed, names, need_number, need_text, number, text, text_in},
    transaction::Condition,
};
use crate::{
    ids::CallerId,
    store::{
        CustomerLink,
        customers::{Customers, caller},
    },
};

impl Customers for DynamoDb {
    async fn customer_of(&self, owner: &CallerId) -> Result<Option<CustomerLink>, StoreError> {
        self.link_of(&mut Attempts::new(), owner).await
    }

    /// Writes once under a condition. When that fails, a concurrent request was faster, or this one
    /// was and lost its answer: either way the stored link counts.
    async fn reserve_customer(
        &self,
        owner: &CallerId,
        gone: Option<&CustomerLink>,
        now: i64,
    ) -> Result<CustomerLink, StoreError> {
        let made = CustomerLink::reserved(now);
        let put = PutItemInput::builder().table_name(&self.table);
        let put = put.set_item(Some(item_of(owner, &made)));
        let put = match gone {
            None => put.condition_expression("attribute_not_exists(pk)"),
            Some(gone) => put
                .condition_expression("#reservation = :gone")
                .set_expression_attribute_names(Some(names(&["reservation"])))
                .expression_attribute_values(":gone", text(&gone.reservation)),
        };
        let mut attempts = Attempts::new();
        match attempts.call(self, PUT, put.build()).await? {
            Answer::Done(_) => Ok(made),
            Answer::Declined(_, failure) => {
                let found = self.link_of(&mut attempts, owner).await?;
                found.ok_or(failure)
            }
        }
    }

    async fn settle_customer(
        &self,
        owner: &CallerId,
        reserved: &CustomerLink,
        customer: &str,
    ) -> Result<Option<CustomerLink>, StoreError> {
        let settled = CustomerLink {
            customer: Some(customer.to_owned()),
            ..reserved.clone()
        };
        let holder = Kind::Holder.key(customer);
        let mut attempts = Attempts::new();
        loop {
            let unsettled = Condition::Unsettled(&reserved.reservation);
            let held = keyed(&holder).with("owner", text(owner.as_str()));
            let writes = vec![
                self.put(item_of(owner, &settled), unsettled),
                self.put(held, Condition::AbsentOrOwned(owner.as_str())),
            ];
            let Some(canceled) = self.transact(&mut attempts, writes).await? else {
                return Ok(Some(settled));
            };
            if canceled.unmet.contains(&holder) {
                return Err(StoreError::CustomerTaken);
            }
            if !canceled.unmet.is_empty() {
                return self.link_of(&mut attempts, owner).await;
            }
            attempts.again(canceled.failure).await?;
        }
    }

    async fn record_profile(
        &self,
        owner: &CallerId,
        link: &CustomerLink,
    ) -> Result<(), StoreError> {
        let put = PutItemInput::builder().table_name(&self.table);
        let put = put
            .set_item(Some(item_of(owner, link)))
            .condition_expression("#reservation = :reservation")
            .set_expression_attribute_names(Some(names(&["reservation"])))
            .expression_attribute_values(":reservation", text(&link.reservation));
        let mut attempts = Attempts::new();
        // A link that was reserved anew stays as it is.
        attempts.call(self, PUT, put.build()).await.map(|_| ())
    }

    async fn holder_of(&self, customer: &str) -> Result<Option<CallerId>, StoreError> {
        let key = Kind::Holder.key(customer);
        let item = self.get(&mut Attempts::new(), &key).await?;
        let owner = item.as_ref().map(|item| need_text(item, "owner"));
        owner.transpose()?.map(caller).transpose()
    }
}

impl DynamoDb {
    async fn link_of(
        &self,
        attempts: &mut Attempts,
        owner: &CallerId,
    ) -> Result<Option<CustomerLink>, StoreError> {
        let item = self.get(attempts, &key_of(owner)).await?;
        item.as_ref().map(read).transpose()
    }
}

fn key_of(owner: &CallerId) -> String {
    Kind::Customer.key(&owner.alias())
}

fn item_of(owner: &CallerId, link: &CustomerLink) -> Item {
    let item = keyed(&key_of(owner))
        .with("reservation", text(&link.reservation))
        .with("reserved_at", number(link.reserved_at));
    let item = match &link.customer {
        Some(customer) => item.with(CUSTOMER, text(customer)),
        None => item,
    };
    match link.profile_text() {
        Some(profile) => item.with(PROFILE, text(profile)),
        None => item,
    }
}

/// The attribute with Stripe's id in a caller's link; a condition names it.
pub(super) const CUSTOMER: &str = "stripe_id";

const PROFILE: &str = "profile";

fn read(item: &Item) -> Result<CustomerLink, StoreError> {
    Ok(CustomerLink {
        reservation: need_text(item, "reservation")?.to_owned(),
        reserved_at: need_number(item, "reserved_at")?,
        customer: text_in(item, CUSTOMER).map(str::to_owned),
        profile: CustomerLink::read_profile(text_in(item, PROFILE)),
    })
}
