//! Links from callers to Stripe customers.

use super::{sharing::by_many, *};

on_every_backend!(
    a_callers_link_is_reserved_once_and_settled_once,
    concurrent_reservations_return_one_link,
    concurrent_settlements_store_one_customer,
    a_customer_that_is_gone_is_replaced_once,
    the_customer_of_a_replaced_reservation_is_not_stored,
    a_customer_belongs_to_one_caller,
    a_profile_is_stored_with_its_link_and_goes_with_it,
);

fn caller(name: &str) -> CallerId {
    CallerId::parse(name).unwrap()
}

impl Fixture {
    async fn reserve_link(&self, owner: &str) -> CustomerLink {
        let owner = caller(owner);
        let reserved = self.store.reserve_customer(&owner, None, NOW);
        reserved.await.unwrap()
    }

    async fn settle_link(
        &self,
        owner: &str,
        link: &CustomerLink,
        customer: &str,
    ) -> Option<CustomerLink> {
        let owner = caller(owner);
        let settled = self.store.settle_customer(&owner, link, customer);
        settled.await.unwrap()
    }

    async fn holder(&self, customer: &str) -> Option<CallerId> {
        self.store.holder_of(customer).await.unwrap()
    }
}

async fn a_callers_link_is_reserved_once_and_settled_once(place: Place) {
    let it = Fixture::new(place).await;
    let ada = caller("ada");
    assert_eq!(it.store.customer_of(&ada).await.unwrap(), None);

    let reserved = it.reserve_link("ada").await;
    assert_eq!(
        (reserved.customer.as_deref(), reserved.reserved_at),
        (None, NOW)
    );
    assert_eq!(it.reserve_link("ada").await, reserved);
    assert_eq!(
        it.store.customer_of(&ada).await.unwrap(),
        Some(reserved.clone())
    );
    assert_ne!(
        it.reserve_link("bob").await.reservation,
        reserved.reservation
    );

    let settled = it.settle_link("ada", &reserved, "cus_1").await.unwrap();
    assert_eq!(settled.customer.as_deref(), Some("cus_1"));
    assert_eq!(
        it.settle_link("ada", &reserved, "cus_2").await,
        Some(settled.clone())
    );
    assert_eq!(it.reserve_link("ada").await, settled);
    assert_eq!(it.holder("cus_1").await, Some(ada));
    assert_eq!(it.holder("cus_9").await, None);
}

async fn concurrent_reservations_return_one_link(place: Place) {
    let it = Fixture::new(place).await;
    let given = by_many(&it, 16, |_, store| async move {
        let reserved = store.reserve_customer(&caller("ada"), None, NOW).await;
        reserved.unwrap()
    })
    .await;
    assert!(given.iter().all(|one| *one == given[0]), "{given:?}");
}

async fn concurrent_settlements_store_one_customer(place: Place) {
    let it = Fixture::new(place).await;
    let reserved = it.reserve_link("ada").await;
    let given = by_many(&it, 8, |n, store| {
        let reserved = reserved.clone();
        async move {
            let customer = format!("cus_{n}");
            let ada = caller("ada");
            let settled = store.settle_customer(&ada, &reserved, &customer);
            settled.await.unwrap()
        }
    })
    .await;
    assert!(given[0].as_ref().unwrap().customer.is_some());
    assert!(given.iter().all(|one| *one == given[0]), "{given:?}");
}

async fn a_customer_that_is_gone_is_replaced_once(place: Place) {
    let it = Fixture::new(place).await;
    let first = it.reserve_link("ada").await;
    let gone = it.settle_link("ada", &first, "cus_1").await.unwrap();

    let given = by_many(&it, 8, |_, store| {
        let gone = gone.clone();
        async move {
            let ada = caller("ada");
            let reserved = store.reserve_customer(&ada, Some(&gone), NOW + 1);
            reserved.await.unwrap()
        }
    })
    .await;

    assert!(given.iter().all(|one| *one == given[0]), "{given:?}");
    assert_ne!(given[0].reservation, gone.reservation);
    assert_eq!(
        (given[0].customer.as_deref(), given[0].reserved_at),
        (None, NOW + 1)
    );
    let settled = it.settle_link("ada", &given[0], "cus_2").await.unwrap();
    assert_eq!(settled.customer.as_deref(), Some("cus_2"));
    assert_eq!(it.holder("cus_2").await, Some(caller("ada")));
}

async fn the_customer_of_a_replaced_reservation_is_not_stored(place: Place) {
    let it = Fixture::new(place).await;
    let old = it.reserve_link("ada").await;
    let ada = caller("ada");
    let anew = it.store.reserve_customer(&ada, Some(&old), NOW + 1);
    let anew = anew.await.unwrap();

    assert_eq!(it.settle_link("ada", &old, "cus_1").await, Some(anew));
    assert_eq!(it.holder("cus_1").await, None);
}

async fn a_customer_belongs_to_one_caller(place: Place) {
    let it = Fixture::new(place).await;
    let adas = it.reserve_link("ada").await;
    it.settle_link("ada", &adas, "cus_1").await;
    let bobs = it.reserve_link("bob").await;

    let refused = it
        .store
        .settle_customer(&caller("bob"), &bobs, "cus_1")
        .await;
    assert!(
        matches!(refused, Err(StoreError::CustomerTaken)),
        "{refused:?}"
    );
    assert_eq!(it.holder("cus_1").await, Some(caller("ada")));
    assert_eq!(it.reserve_link("bob").await, bobs);
}

async fn a_profile_is_stored_with_its_link_and_goes_with_it(place: Place) {
    let it = Fixture::new(place).await;
    let ada = caller("ada");
    let reserved = it.reserve_link("ada").await;
    let mut link = it.settle_link("ada", &reserved, "cus_1").await.unwrap();
    assert!(link.profile.is_empty());

    link.profile.insert("email".to_owned(), "digest".to_owned());
    it.store.record_profile(&ada, &link).await.unwrap();
    assert_eq!(
        it.store.customer_of(&ada).await.unwrap(),
        Some(link.clone())
    );

    let anew = it.store.reserve_customer(&ada, Some(&link), NOW);
    let anew = anew.await.unwrap();
    it.store.record_profile(&ada, &link).await.unwrap();
    assert!(anew.profile.is_empty());
    assert_eq!(it.store.customer_of(&ada).await.unwrap(), Some(anew));
}
