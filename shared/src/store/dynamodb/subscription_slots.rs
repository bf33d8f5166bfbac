//! One order or change at a time that gives a caller a product: `slots#ALIAS`.

use aws_sdk_dynamodb::operation::put_item::PutItemInput;

use super::{
    DynamoDb, PUT, StoreError,
    attempt::{Answer, Attempts},
    item::{Kind, Write as _, keyed, names, need_number, need_text, number, text},
};
use crate::{
    ids::CallerId,
    store::subscription_slots::{Slots, SubscriptionSlots},
};

impl Slots for DynamoDb {
    async fn subscription_slots(&self, owner: &CallerId) -> Result<SubscriptionSlots, StoreError> {
        let key = Kind::Slots.key(&owner.alias());
        match self.get(&mut Attempts::new(), &key).await? {
            Some(item) => {
                let version = need_number(&item, "version")?;
                SubscriptionSlots::read(version, need_text(&item, "orders")?)
            }
            None => Ok(SubscriptionSlots::default()),
        }
    }

    async fn put_subscription_slots(
        &self,
        owner: &CallerId,
        slots: &SubscriptionSlots,
    ) -> Result<bool, StoreError> {
        let item = keyed(&Kind::Slots.key(&owner.alias()))
            .with("version", number(slots.version))
            .with("orders", text(slots.holders_text()));
        let put = PutItemInput::builder().table_name(&self.table);
        let put = put.set_item(Some(item));
        let put = match slots.version {
            1 => put.condition_expression("attribute_not_exists(pk)"),
            later => put
                .condition_expression("#version = :before")
                .set_expression_attribute_names(Some(names(&["version"])))
                .expression_attribute_values(":before", number(later - 1)),
        };
        match Attempts::new().call(self, PUT, put.build()).await? {
            Answer::Done(_) => Ok(true),
            Answer::Declined(..) => Ok(false),
        }
    }
}
