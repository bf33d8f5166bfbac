//! The export as CSV.

use shared::{
    amount::{Amount, Currency},
    order::{LineItem, LineTax, OrderDetails},
};
use testing::{Answer, NOW, TestServer};

use crate::{described, open, put, read_as};

const HEADER: &str = "orderId,status,currency,amount,subtotal,discount,tax,shipping,\
                      refundedAmount,refundPendingAmount,createdAt,updatedAt,paidAt,description,\
                      items";

async fn export(api: &TestServer, query: &str, accept: &str) -> Answer {
    let token = api.shop.token_of("sam", &["support"]);
    let call = api.client.request().bearer(&token).header("accept", accept);
    call.path(query).get().await.expect(200)
}

/// The rows below the header row, without what is the same in all.
fn rows(answer: &Answer) -> Vec<&str> {
    let mut rows = answer.text.split("\r\n");
    assert_eq!(rows.next(), Some(HEADER));
    let mut rows: Vec<&str> = rows.collect();
    assert_eq!(rows.pop(), Some(""), "the last row ends as well");
    rows
}

#[tokio::test]
async fn the_export_has_a_header_row_and_a_row_for_each_order() {
    let api = open().await;
    put(&api, "ada", "o_1", NOW).await;
    let line = |price: &str, lookup_key: Option<&str>, quantity: u32| {
        let line = LineItem {
            price: Some(price.to_owned()),
            name: None,
            lookup_key: lookup_key.map(str::to_owned),
            quantity,
            unit_amount: 300,
            recurring: None,
            tax: LineTax::default(),
        };
        let eur = Currency::parse("eur").unwrap();
        (line, Amount::new(300 * i64::from(quantity), eur).unwrap())
    };
    let lines = vec![
        line("price_1", Some("sticker"), 2),
        line("price_2", None, 1),
    ];
    let contents = OrderDetails::priced(lines).unwrap();
    api.shop.put_order("bob", "o_2", contents, NOW + 1).await;

    let answer = export(&api, "/", "text/csv").await;

    let disposition = &answer.headers["content-disposition"];
    assert_eq!(disposition, "attachment; filename=\"orders.csv\"");
    let at = |n: i64| shared::rfc3339::format(NOW + n);
    let expected = [
        format!(
            "\"o_2\",\"created\",\"eur\",900,900,0,0,0,0,0,{0},{0},,,\"2 sticker; 1 price_2\"",
            at(1)
        ),
        format!(
            "\"o_1\",\"created\",\"usd\",1500,1500,0,0,0,0,0,{0},{0},,,\"\"",
            at(0)
        ),
    ];
    assert_eq!(rows(&answer), expected);
}

#[tokio::test]
async fn no_text_is_a_formula_to_a_spreadsheet() {
    let api = open().await;
    for (n, (text, cell)) in (0..).zip([
        ("=1+1", "\"'=1+1\""),
        ("+1", "\"'+1\""),
        ("-1", "\"'-1\""),
        ("@SUM(A1)", "\"'@SUM(A1)\""),
        ("＝1", "\"'＝1\""),
        (
            "=HYPERLINK(\"https://x.example\",\"a\")",
            "\"'=HYPERLINK(\"\"https://x.example\"\",\"\"a\"\")\"",
        ),
        ("a, \"b\"", "\"a, \"\"b\"\"\""),
        ("Ünïcode 😀", "\"Ünïcode 😀\""),
        ("a=1", "\"a=1\""),
    ]) {
        let id = format!("o_{n}");
        described(&api, "ada", (&id, Some(text)), NOW + n).await;
        let answer = export(&api, "/?limit=1", "text/csv").await;
        let [row] = rows(&answer)[..] else {
            panic!("one row")
        };
        assert!(row.contains(&format!(",,{cell},")), "{text}: {row}");
    }
    put(&api, "ada", "-2-3", NOW + 99).await;
    let answer = export(&api, "/?limit=1", "text/csv").await;
    assert!(
        rows(&answer)[0].starts_with("\"'-2-3\","),
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn the_next_page_of_an_export_is_in_the_header_link() {
    let api = open().await;
    for n in 0..5 {
        put(&api, "ada", &format!("o_{n}"), NOW + n).await;
    }
    let (mut query, mut found) = ("/?limit=2&owner=ada".to_owned(), Vec::new());
    loop {
        let answer = export(&api, &query, "text/csv").await;
        let ids = rows(&answer).into_iter();
        found.extend(ids.map(|row| row[1..4].to_owned()));
        let Some(link) = answer.headers.get("link") else {
            break;
        };
        let link = link.to_str().unwrap();
        let next = link.strip_prefix('<').unwrap();
        query = format!("/{}", next.strip_suffix(">; rel=\"next\"").unwrap());
        assert!(query.starts_with("/?limit=2&owner=ada&cursor="), "{query}");
    }
    assert_eq!(found, ["o_4", "o_3", "o_2", "o_1", "o_0"]);
}

#[tokio::test]
async fn a_caller_gets_csv_only_if_they_prefer_it_to_json() {
    let api = open().await;
    for (accept, is_csv) in [
        ("text/csv", true),
        ("Text/CSV; charset=utf-8", true),
        ("text/csv, */*;q=0.1", true),
        ("application/json;q=0.5, text/csv;q=0.9", true),
        ("application/json, text/csv", false),
        ("text/csv;q=0", false),
        ("*/*", false),
        ("text/*", false),
        ("application/json", false),
    ] {
        let answer = export(&api, "/", accept).await;
        assert_eq!(answer.body.is_null(), is_csv, "{accept}");
    }
}

#[tokio::test]
async fn an_error_is_json_also_to_a_caller_who_prefers_csv() {
    let api = open().await;
    let token = api.shop.token("ada");
    let call = api
        .client
        .request()
        .bearer(&token)
        .header("accept", "text/csv");
    assert_eq!(
        call.path("/?limit=0").get().await.code(400),
        "invalid_request"
    );
    let _ = read_as(&api, &["support"], "/").await.expect(200);
}
