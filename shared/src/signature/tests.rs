//! A table of headers; the golden vector was made by another implementation.

use super::*;

/// A body of this project, signed with Python's `hmac` under `webhook_secret`, and the header.
const BODY: &[u8] = include_bytes!("../../tests/fixtures/stripe_event_signed.json");
const SIGNED: &str = include_str!("../../tests/fixtures/stripe_event_signed.txt");
const AT: i64 = 1_533_204_620;

fn secrets<const N: usize>(texts: [&str; N]) -> Vec<SecretString> {
    texts.into_iter().map(SecretString::from).collect()
}

fn check(header: &str) -> Result<(), Rejected> {
    verify(header, BODY, &secrets(["webhook_secret"]), AT)
}

fn golden() -> &'static str {
    SIGNED.trim_end()
}

/// The signature alone, without the time.
fn v1() -> &'static str {
    golden().split_once(",v1=").unwrap().1
}

#[test]
fn the_golden_vector_is_accepted() {
    assert_eq!(check(golden()), Ok(()));
}

#[test]
fn one_changed_byte_is_refused() {
    let secrets = secrets(["webhook_secret"]);
    for position in [0, BODY.len() / 2, BODY.len() - 1] {
        let mut body = BODY.to_vec();
        body[position] ^= 1;
        assert_eq!(
            verify(golden(), &body, &secrets, AT),
            Err(Rejected::Mismatch)
        );
    }
    let other_time = golden().replace("t=1533204620", "t=1533204621");
    assert_eq!(check(&other_time), Err(Rejected::Mismatch));
}

#[test]
fn a_malformed_header_is_refused() {
    let v1 = v1();
    let headers = [
        String::new(),
        "bad_header".to_owned(),
        "t=".to_owned(),
        format!("t=,v1={v1}"),
        "v1,t=1".to_owned(),
        "t,v1=,v0=".to_owned(),
        ",,".to_owned(),
        format!("t={AT},v0={v1}"),
        format!("t={},v1={v1}", i64::MIN),
        format!("t=99999999999999999999,v1={v1}"),
        format!("t={AT},t={AT},v1={v1}"),
        format!("t={AT},v1=zz{}", &v1[2..]),
        format!("t={AT},v1={}", &v1[2..]),
        format!("t={AT},v1={v1}00"),
        format!("t={AT}"),
        format!("v1={v1}"),
        format!("t=+{AT},v1={v1}"),
        format!("t={AT},v1={v1}").repeat(60),
    ];
    for header in headers {
        let said = check(&header);
        assert!(
            matches!(said, Err(Rejected::Malformed | Rejected::Mismatch)),
            "{header}: {said:?}"
        );
    }
}

#[test]
fn a_valid_signature_beside_malformed_and_foreign_ones_is_accepted() {
    let v1 = v1();
    let zeros = "0".repeat(64);
    for others in ["v1=zz", "v0=abc", "v1", "v2=", zeros.as_str()] {
        assert_eq!(
            check(&format!("t={AT},v1={zeros},{others},v1={v1}")),
            Ok(()),
            "{others}"
        );
    }
}

#[test]
fn every_signature_is_tried_against_every_secret() {
    let held = secrets(["whsec_new", "webhook_secret"]);
    let header = format!("t={AT},v1={},v1={}", "0".repeat(64), v1());

    assert_eq!(verify(&header, BODY, &held, AT), Ok(()));
    assert_eq!(
        verify(&header, BODY, &held[..1], AT),
        Err(Rejected::Mismatch)
    );
}

#[test]
fn the_time_may_be_five_minutes_off_to_either_side() {
    let held = secrets(["webhook_secret"]);
    for (offset, fits) in [
        (0, true),
        (300, true),
        (-300, true),
        (301, false),
        (-301, false),
    ] {
        let said = verify(golden(), BODY, &held, AT + offset);
        assert_eq!(said == Ok(()), fits, "{offset}");
        assert!(fits || said == Err(Rejected::Stale));
    }
}

#[test]
fn a_blank_secret_explains_nothing() {
    for blank in ["", " "] {
        let tag = signature("1533204620", BODY, blank);
        let hex: String = tag.as_ref().iter().map(|b| format!("{b:02x}")).collect();
        let header = format!("t={AT},v1={hex}");
        assert_eq!(
            verify(&header, BODY, &secrets([blank]), AT),
            Err(Rejected::Mismatch)
        );
    }
    assert_eq!(verify(golden(), BODY, &[], AT), Err(Rejected::Mismatch));
}

proptest::proptest! {
    #[test]
    fn no_header_makes_it_panic(header in ".{0,200}", time in proptest::prelude::any::<i64>()) {
        let _ = verify(&header, BODY, &secrets(["webhook_secret"]), time);
    }
}
