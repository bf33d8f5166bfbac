//! Many handles on one database, as in several processes.

use super::*;

on_every_backend!(
    concurrent_deliveries_of_one_payment_have_one_effect,
    concurrent_requests_under_one_key_return_one_order,
    concurrent_leases_return_each_message_once,
    a_database_holds_payments_of_one_mode,
);

/// The results of `work`, done by `count` handles at once.
pub(super) async fn by_many<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    it: &Fixture,
    count: usize,
    work: impl Fn(usize, Store) -> F,
) -> Vec<T> {
    let mut handles = Vec::new();
    for _ in 0..8 {
        handles.push(open(&it.config).await.unwrap());
    }
    let works = (0..count).map(|n| tokio::spawn(work(n, handles[n % handles.len()].clone())));
    let mut done = Vec::new();
    for work in works.collect::<Vec<_>>() {
        done.push(work.await.unwrap());
    }
    done
}

async fn concurrent_deliveries_of_one_payment_have_one_effect(place: Place) {
    let it = Fixture::new(place).await;
    let order = it.order().await;
    let accepted = by_many(&it, 64, |n, store| {
        let event = succeeded(&order, &format!("evt_{}", n % 2));
        let event = Event::parse(event.to_string().as_bytes()).unwrap();
        async move { store.accept(event, NOW).await.unwrap().accepted }
    })
    .await;

    let applied = accepted.iter().filter(|a| **a == Accepted::Applied);
    assert_eq!(applied.count(), 2, "two events, each once");
    assert_eq!(it.due().await.len(), 1);
}

async fn concurrent_requests_under_one_key_return_one_order(place: Place) {
    let it = Fixture::new(place).await;
    let opened = by_many(&it, 16, |_, store| {
        let put = put("o_1", "ada", 1500, Some("key"));
        async move { store.put_order(put, NOW).await.unwrap() }
    })
    .await;

    assert!(opened.iter().all(|one| *one == opened[0]), "{opened:?}");
    let updated = by_many(&it, 16, |n, store| async move {
        let id = OrderId::parse("o_1").unwrap();
        let updated = store
            .update_payment(&id, intent(&format!("pi_{n}")), NOW)
            .await;
        updated.unwrap().unwrap()
    })
    .await;
    assert!(updated[0].intent().is_some());
    assert!(updated.iter().all(|one| *one == updated[0]), "{updated:?}");
}

async fn concurrent_leases_return_each_message_once(place: Place) {
    let it = Fixture::new(place).await;
    it.accept(&other("evt_1", "customer.created")).await;
    it.accept(&other("evt_2", "customer.created")).await;
    let leased = by_many(&it, 8, |_, store| async move {
        store.lease_due(NOW, 60, 10).await.unwrap().len()
    });

    assert_eq!(leased.await.iter().sum::<usize>(), 2);
}

async fn a_database_holds_payments_of_one_mode(place: Place) {
    let it = Fixture::new(place).await;
    let with_key = |key| it.home.config(&[("STRIPE_SECRET_KEY", key)]);

    open(&with_key("sk_test_a")).await.unwrap();
    let refused = open(&with_key("sk_live_a")).await.unwrap_err();
    assert!(matches!(refused, StoreError::OtherMode(_)), "{refused}");
    open(&with_key("rk_test_b")).await.unwrap();
    open(&it.config).await.unwrap();
}
