//! Pages: filters, cursors, and the bound of the reads for a page by status.

use testing::{NOW, TestServer};

use crate::{open, page, put, read, read_as};

/// All ids of a list, page by page, and the sizes of the pages.
async fn all(api: &TestServer, roles: &[&str], query: &str) -> (Vec<String>, Vec<usize>) {
    let (mut ids, mut sizes, mut cursor) = (Vec::new(), Vec::new(), String::new());
    loop {
        let (found, next) = page(read_as(api, roles, &format!("{query}{cursor}")).await);
        sizes.push(found.len());
        ids.extend(found);
        match next {
            None => return (ids, sizes),
            Some(next) => cursor = format!("&cursor={next}"),
        }
    }
}

#[tokio::test]
async fn pages_meet_without_a_gap_and_without_a_repetition() {
    let api = open().await;
    for n in 0..23 {
        // Several orders in one second.
        put(&api, "sam", &format!("o_{n:02}"), NOW + n / 3).await;
    }
    let expected: Vec<String> = (0..23).rev().map(|n| format!("o_{n:02}")).collect();
    for roles in [&["customer"][..], &["support"]] {
        let (ids, sizes) = all(&api, roles, "/?limit=5").await;
        assert_eq!((ids, sizes), (expected.clone(), vec![5, 5, 5, 5, 3]));
        assert_eq!(all(&api, roles, "/?").await.1, [20, 3], "20 by default");
        assert_eq!(all(&api, roles, "/?limit=23").await.1, [23]);
        assert_eq!(all(&api, roles, "/?limit=1").await.0, expected);
    }
}

#[tokio::test]
async fn orders_opened_meanwhile_shift_no_page() {
    let api = open().await;
    for n in 0..4 {
        put(&api, "ada", &format!("o_{n}"), NOW + n).await;
    }
    let (first, next) = page(read(&api, "ada", "/?limit=2").await);
    put(&api, "ada", "o_9", NOW + 9).await;
    let query = format!("/?limit=2&cursor={}", next.unwrap());
    let (second, _) = page(read(&api, "ada", &query).await);
    assert_eq!([first, second].concat(), ["o_3", "o_2", "o_1", "o_0"]);
}

#[tokio::test]
async fn a_list_holds_the_orders_created_from_a_time_and_before_another() {
    let api = open().await;
    for n in 0..5 {
        put(&api, "ada", &format!("o_{n}"), NOW + n).await;
    }
    let time = |n: i64| shared::rfc3339::format(NOW + n);
    for query in [
        format!("/?from={}&to={}", NOW + 1, NOW + 3),
        format!("/?from={}&to={}", time(1), time(3)),
    ] {
        assert_eq!(page(read(&api, "ada", &query).await).0, ["o_2", "o_1"]);
        let (ids, _) = all(&api, &["support"], &format!("{query}&limit=1")).await;
        assert_eq!(ids, ["o_2", "o_1"]);
    }
    let (since, _) = page(read(&api, "ada", &format!("/?from={}", NOW + 3)).await);
    assert_eq!(since, ["o_4", "o_3"]);
    let (until, _) = page(read(&api, "ada", &format!("/?to={}", NOW + 1)).await);
    assert_eq!(until, ["o_0"]);
}

#[tokio::test]
async fn a_status_is_that_of_the_moment() {
    let api = open().await;
    api.shop.open_order("o_1").await;
    api.shop.paid_order("o_2", 1500, "usd").await;
    let by = async |status: &str| {
        let query = format!("/?status={status}");
        page(read(&api, "ada", &query).await).0
    };
    assert_eq!(
        (by("created").await, by("paid").await),
        (vec!["o_1".to_owned()], vec!["o_2".to_owned()])
    );
    let intent = api.shop.order("o_2").await.intent().unwrap().to_owned();
    api.shop.stripe.refund(&intent, None).unwrap();
    api.shop.accept_events().await;
    assert_eq!(by("paid").await, [""; 0]);
    assert_eq!(by("refunded").await, ["o_2"]);
}

#[tokio::test]
async fn a_rare_status_is_found_in_bounded_reads_of_which_each_but_the_last_has_a_cursor() {
    let api = open().await;
    let intent = api.shop.open_order("rare").await;
    for n in 0..1_050 {
        put(&api, "ada", &format!("o_{n}"), NOW + 1 + n).await;
    }
    api.shop
        .stripe
        .confirm(&intent, "pm_card_visa")
        .await
        .unwrap();
    api.shop.accept_events().await;

    for roles in [&["support"][..], &["admin"]] {
        let (ids, sizes) = all(&api, roles, "/?status=paid&limit=2").await;
        // 1,051 orders, of which a request reads 500.
        assert_eq!((ids, sizes), (vec!["rare".to_owned()], vec![0, 0, 1]));
    }
    let (ids, sizes) = all(&api, &["support"], "/?status=created&limit=100").await;
    assert_eq!((ids.len(), sizes.len()), (1_050, 11));
    let (_, sizes) = all(&api, &["support"], "/?status=disputed").await;
    assert_eq!(sizes, [0, 0, 0]);
}

#[tokio::test]
async fn a_full_page_by_status_ends_at_its_last_order() {
    let api = open().await;
    for n in 0..9 {
        put(&api, "sam", &format!("o_{n}"), NOW + n).await;
    }
    for roles in [&["customer"][..], &["support"]] {
        let (ids, sizes) = all(&api, roles, "/?status=created&limit=3").await;
        assert_eq!((ids.len(), sizes), (9, vec![3, 3, 3]));
    }
}
