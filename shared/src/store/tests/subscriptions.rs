//! Copies of subscriptions, and the billing accounts of callers.

use super::{sharing::by_many, *};
use crate::{
    ids::CallerId,
    subscription::{
        BillingAccount, Grace, Reason, Subscription,
        access::FetchedEntitlements,
        changes,
        notification::{AccessData, SubscriptionData, SubscriptionView},
        objects::Fetched,
    },
};

on_every_backend!(
    a_copy_its_account_and_its_messages_are_written_together,
    a_write_over_another_version_changes_nothing,
    concurrent_writes_of_one_version_store_one,
    an_account_changes_without_a_copy,
    a_message_that_was_written_before_is_written_once,
    copies_are_found_by_their_ids,
    an_account_is_listed_from_the_end_of_its_grace_until_it_is_written_again,
);

fn ada() -> CallerId {
    CallerId::parse("ada").unwrap()
}

/// The copy of the subscription `id` with this status.
pub(super) fn copy(id: &str, status: &str) -> Subscription {
    let object = json!({
        "id": id, "customer": "cus_1", "status": status, "currency": "usd", "created": NOW,
        "latest_invoice": null,
        "items": { "data": [{ "id": "si_1", "quantity": 1, "current_period_start": NOW,
            "current_period_end": NOW + 2_592_000, "price": { "id": "price_1",
                "lookup_key": "pro", "product": "prod_1", "unit_amount": 900 } }] },
    });
    let fetched = Fetched {
        subscription: serde_json::from_value(object).unwrap(),
        invoices: Vec::new(),
        unpaid_since: None,
    };
    fetched.copy(ada())
}

/// The write of `copy` over these versions of it and of the account.
pub(super) fn write(
    mut copy: Subscription,
    version: i64,
    account: (BillingAccount, i64),
) -> BillingWrite {
    let changes = changes(None, &mut copy, &Reason::Event, NOW);
    let (account, account_version) = account;
    let account = account.with(&copy, FetchedEntitlements::default());
    let data = SubscriptionData {
        subscription_id: copy.id.clone(),
        version: version + 1,
        customer: "ada".to_owned(),
        subscription: SubscriptionView::from(&copy),
        invoice: None,
        access: AccessData::of(&account, NOW, Grace::default()),
        payer: None,
    };
    let messages = changes.iter();
    let messages = messages.map(|change| Message::of_subscription(change, &data, NOW));
    BillingWrite {
        owner: ada(),
        messages: messages.collect(),
        subscription: Some((copy, version)),
        account: (account, account_version),
    }
}

impl Fixture {
    async fn write(&self, write: BillingWrite) -> bool {
        self.store.write_billing(write, NOW).await.unwrap()
    }

    async fn copy(&self, id: &str) -> Versioned<Subscription> {
        self.store.subscription(id).await.unwrap()
    }

    async fn account(&self) -> Versioned<BillingAccount> {
        self.store.billing_account(&ada()).await.unwrap()
    }

    /// The types of the messages that are due.
    async fn due_kinds(&self) -> Vec<String> {
        let due = self.due().await;
        due.into_iter().map(|one| one.message.kind).collect()
    }
}

fn new() -> (BillingAccount, i64) {
    (BillingAccount::default(), 0)
}

async fn a_copy_its_account_and_its_messages_are_written_together(place: Place) {
    let it = Fixture::new(place).await;
    let nothing = it.copy("sub_1").await;
    assert_eq!((nothing.value, nothing.version), (None, 0));
    assert_eq!(it.account().await.version, 0);

    assert!(it.write(write(copy("sub_1", "active"), 0, new())).await);
    let found = it.copy("sub_1").await;
    assert_eq!(found.version, 1);
    let written = Subscription {
        announced_period: Some(NOW),
        ..copy("sub_1", "active")
    };
    assert_eq!(found.value, Some(written));
    let account = it.account().await;
    assert_eq!(account.version, 1);
    let account = account.value.unwrap();
    let entitlements = account.access(NOW, Grace::default()).entitlements;
    assert_eq!(
        entitlements.into_iter().collect::<Vec<_>>(),
        ["pro", "prod_1"]
    );
    assert_eq!(it.due_kinds().await, ["subscription.started"]);
}

async fn a_write_over_another_version_changes_nothing(place: Place) {
    let it = Fixture::new(place).await;
    assert!(it.write(write(copy("sub_1", "active"), 0, new())).await);
    let account = it.account().await;
    let known = (account.value.clone().unwrap(), account.version);
    let stale = [
        write(copy("sub_1", "canceled"), 0, known.clone()),
        write(copy("sub_1", "canceled"), 2, known.clone()),
        write(copy("sub_1", "canceled"), 1, new()),
        write(copy("sub_1", "canceled"), 1, (known.0.clone(), 2)),
        write(copy("sub_2", "active"), 1, known.clone()),
        write(copy("sub_2", "active"), 0, new()),
    ];
    for stale in stale {
        assert!(!it.write(stale.clone()).await, "{stale:?}");
    }
    assert_eq!(it.copy("sub_1").await.value.unwrap().status, "active");
    assert_eq!(it.copy("sub_2").await.version, 0);
    assert_eq!(it.account().await, account);
    assert_eq!(it.due_kinds().await, ["subscription.started"]);
    assert!(it.write(write(copy("sub_1", "canceled"), 1, known)).await);
    assert_eq!(it.copy("sub_1").await.version, 2);
}

async fn concurrent_writes_of_one_version_store_one(place: Place) {
    let it = Fixture::new(place).await;
    let written = by_many(&it, 12, |nth, store| async move {
        let status = if nth % 2 == 0 { "active" } else { "trialing" };
        let write = write(copy("sub_1", status), 0, new());
        store.write_billing(write, NOW).await.unwrap()
    })
    .await;
    assert_eq!(written.iter().filter(|is_written| **is_written).count(), 1);
    assert_eq!(it.copy("sub_1").await.version, 1);
    assert_eq!(it.account().await.version, 1);
    assert_eq!(it.due_kinds().await, ["subscription.started"]);
}

async fn an_account_changes_without_a_copy(place: Place) {
    let it = Fixture::new(place).await;
    let fetched = FetchedEntitlements {
        keys: ["export".to_owned()].into(),
        has_features: true,
    };
    let account = BillingAccount::default().with_entitlements("cus_1", fetched);
    let write = BillingWrite {
        owner: ada(),
        subscription: None,
        account: (account.clone(), 0),
        messages: Vec::new(),
    };
    assert!(it.write(write.clone()).await);
    assert!(!it.write(write).await);
    assert_eq!(it.account().await.value, Some(account));
}

async fn a_message_that_was_written_before_is_written_once(place: Place) {
    let it = Fixture::new(place).await;
    let first = write(copy("sub_1", "active"), 0, new());
    let messages = first.messages.clone();
    assert!(it.write(first).await);
    let account = it.account().await;
    let known = (account.value.unwrap(), account.version);
    let again = BillingWrite {
        messages,
        ..write(copy("sub_1", "past_due"), 1, known)
    };
    assert!(it.write(again).await);
    assert_eq!(it.copy("sub_1").await.value.unwrap().status, "past_due");
    assert_eq!(it.due_kinds().await, ["subscription.started"]);
}

async fn an_account_is_listed_from_the_end_of_its_grace_until_it_is_written_again(place: Place) {
    let it = Fixture::new(place).await;
    let grace = Grace::default();
    let end = NOW + grace.seconds();
    for (owner, since) in [("ada", NOW), ("bob", NOW + 60), ("cy", NOW + 7 * 86_400)] {
        let copy = Subscription {
            past_due_since: Some(since),
            ..copy(&format!("sub_of_{owner}"), "past_due")
        };
        let first = write(copy, 0, new());
        let account = first.account.0.clone().with_grace(NOW, grace);
        let first = BillingWrite {
            owner: CallerId::parse(owner).unwrap(),
            account: (account, 0),
            ..first
        };
        assert!(it.write(first).await);
    }

    let over = async |now, most| it.store.graces_over(now, most).await.unwrap();
    assert_eq!(over(end - 1, 9).await, []);
    assert_eq!(over(end, 9).await, [ada()]);
    assert_eq!(over(end + 60, 1).await, [ada()]);
    let bob = CallerId::parse("bob").unwrap();
    assert_eq!(over(end + 60, 9).await, [ada(), bob.clone()]);

    let account = it.account().await;
    let after = account.value.unwrap().with_grace(end, grace);
    let again = BillingWrite {
        owner: ada(),
        subscription: None,
        account: (after.clone(), account.version),
        messages: Vec::new(),
    };
    assert!(it.write(again).await);
    assert_eq!(over(end + 60, 9).await, [bob]);
    assert_eq!(it.account().await.value, Some(after));
}

async fn copies_are_found_by_their_ids(place: Place) {
    let it = Fixture::new(place).await;
    for id in ["sub_1", "sub_2"] {
        let account = it.account().await;
        let known = (account.value.unwrap_or_default(), account.version);
        assert!(it.write(write(copy(id, "active"), 0, known)).await);
    }
    let ids = ["sub_2", "sub_1", "sub_9"].map(str::to_owned);
    let found = it.store.subscriptions(&ids).await.unwrap();
    let mut found: Vec<(String, i64)> = found.into_iter().map(|(one, at)| (one.id, at)).collect();
    found.sort();
    let written = ["sub_1", "sub_2"].map(|id| (id.to_owned(), NOW));
    assert_eq!(found, written);
    assert_eq!(it.copy("sub_1").await.written_at, NOW);
    assert_eq!(it.copy("sub_9").await.written_at, 0);
    assert!(it.store.subscriptions(&[]).await.unwrap().is_empty());
    let held = it.account().await.value.unwrap().subscriptions;
    assert_eq!(held.len(), 2);
}
