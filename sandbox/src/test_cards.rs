//! Stripe's test cards and their behaviour.

use crate::behaviour::{Behaviour, Decline, DisputeCase};

/// A predefined payment method.
#[derive(Debug)]
pub(crate) struct TestCard {
    /// Its `pm_card_…` name.
    pub(crate) name: &'static str,
    /// Its number.
    pub(crate) number: &'static str,
    /// Its behaviour.
    pub(crate) behaviour: Behaviour,
}

const fn declined(code: &'static str, message: &'static str) -> Decline {
    Decline {
        code: "card_declined",
        decline_code: code,
        message,
    }
}

const REFUSED: &str = "The bank declined this card.";

/// The decline without a reason.
pub(crate) static GENERIC: Decline = declined("generic_decline", REFUSED);
static INSUFFICIENT: Decline = declined("insufficient_funds", "This card has insufficient funds.");
static LOST: Decline = declined("lost_card", REFUSED);
static STOLEN: Decline = declined("stolen_card", REFUSED);
static FRAUDULENT: Decline = declined("fraudulent", REFUSED);
static EXPIRED: Decline = Decline {
    code: "expired_card",
    decline_code: "expired_card",
    message: "This card has expired.",
};
static WRONG_CVC: Decline = Decline {
    code: "incorrect_cvc",
    decline_code: "incorrect_cvc",
    message: "This card's security code is wrong.",
};
static PROCESSING: Decline = Decline {
    code: "processing_error",
    decline_code: "processing_error",
    message: "The bank could not process this card; try again in a moment.",
};
/// The bank requires a challenge, and the payer is not present.
pub(crate) static AUTHENTICATION_REQUIRED: Decline = Decline {
    code: "authentication_required",
    decline_code: "authentication_required",
    message: "The bank declined this card: it requires the payer to authenticate.",
};
/// A real card.
static LIVE_CARD: Decline = declined(
    "test_mode_live_card",
    "This is not a test card. The sandbox accepts only test cards.",
);

const fn card(name: &'static str, number: &'static str, behaviour: Behaviour) -> TestCard {
    TestCard {
        name,
        number,
        behaviour,
    }
}

/// Names and numbers from Stripe's testing page.
#[rustfmt::skip]
static CARDS: &[TestCard] = &[
    card("pm_card_visa", "4242424242424242", Behaviour::Succeeds),
    card("pm_card_visa_debit", "4000056655665556", Behaviour::Succeeds),
    card("pm_card_mastercard", "5555555555554444", Behaviour::Succeeds),
    card("pm_card_amex", "378282246310005", Behaviour::Succeeds),
    card("pm_card_bypassPending", "4000000000000077", Behaviour::Succeeds),
    card("pm_card_chargeDeclined", "4000000000000002", Behaviour::Declines(&GENERIC)),
    card("pm_card_visa_chargeDeclined", "4000000000000002", Behaviour::Declines(&GENERIC)),
    card("pm_card_chargeDeclinedInsufficientFunds", "4000000000009995",
        Behaviour::Declines(&INSUFFICIENT)),
    card("pm_card_visa_chargeDeclinedInsufficientFunds", "4000000000009995",
        Behaviour::Declines(&INSUFFICIENT)),
    card("pm_card_visa_chargeDeclinedLostCard", "4000000000009987", Behaviour::Declines(&LOST)),
    card("pm_card_visa_chargeDeclinedStolenCard", "4000000000009979", Behaviour::Declines(&STOLEN)),
    card("pm_card_chargeDeclinedFraudulent", "4100000000000019", Behaviour::Declines(&FRAUDULENT)),
    card("pm_card_visa_chargeDeclinedFraudulent", "4100000000000019",
        Behaviour::Declines(&FRAUDULENT)),
    card("pm_card_chargeDeclinedExpiredCard", "4000000000000069", Behaviour::Declines(&EXPIRED)),
    card("pm_card_chargeDeclinedIncorrectCvc", "4000000000000127", Behaviour::Declines(&WRONG_CVC)),
    card("pm_card_chargeDeclinedProcessingError", "4000000000000119",
        Behaviour::Declines(&PROCESSING)),
    card("pm_card_chargeCustomerFail", "4000000000000341", Behaviour::DeclinesOnceAttached),
    card("pm_card_threeDSecure2Required", "4000000000003220", Behaviour::NeedsAuthentication),
    card("pm_card_threeDSecureRequired", "4000000000003063", Behaviour::NeedsAuthentication),
    card("pm_card_authenticationRequired", "4000002760003184", Behaviour::NeedsAuthentication),
    card("pm_card_authenticationRequiredOnSetup", "4000002500003155", Behaviour::NeedsSetup),
    card("pm_card_authenticationRequiredSetupForOffSession", "4000003800000446",
        Behaviour::SetUp),
    card("pm_card_createDispute", "4000000000000259", Behaviour::Disputed(DisputeCase::Fraudulent)),
    card("pm_card_createDisputeProductNotReceived", "4000000000002685",
        Behaviour::Disputed(DisputeCase::ProductNotReceived)),
    card("pm_card_createDisputeInquiry", "4000000000001976",
        Behaviour::Disputed(DisputeCase::Inquiry)),
    card("pm_card_pendingRefund", "4000000000007726", Behaviour::PendingRefund),
    card("pm_card_refundFail", "4000000000005126", Behaviour::FailingRefund),
];

/// The test card with this name.
pub(crate) fn named(name: &str) -> Option<&'static TestCard> {
    CARDS.iter().find(|card| card.name == name)
}

/// The behaviour of a card; any other card is declined.
pub(crate) fn behaviour(number: &str) -> Behaviour {
    let found = CARDS.iter().find(|card| card.number == number);
    found.map_or(Behaviour::Declines(&LIVE_CARD), |card| card.behaviour)
}

/// The card network of a number.
pub(crate) fn brand(number: &str) -> &'static str {
    match number.as_bytes() {
        [b'4', ..] => "visa",
        [b'5', ..] | [b'2', ..] => "mastercard",
        [b'3', b'4' | b'7', ..] => "amex",
        _ => "unknown",
    }
}

/// Verifies a card number's check digit.
pub(crate) fn is_card_number(number: &str) -> bool {
    let digits: Option<Vec<u32>> = number
        .chars()
        .rev()
        .map(|digit| digit.to_digit(10))
        .collect();
    let Some(digits) = digits.filter(|digits| (12..=19).contains(&digits.len())) else {
        return false;
    };
    let weighed = digits
        .iter()
        .enumerate()
        .map(|(place, digit)| match place % 2 {
            0 => *digit,
            _ if digit * 2 > 9 => digit * 2 - 9,
            _ => digit * 2,
        });
    weighed.sum::<u32>() % 10 == 0
}

#[cfg(test)]
mod tests {
    use super::{CARDS, brand, is_card_number};

    #[test]
    fn every_test_card_has_a_right_check_digit() {
        for card in CARDS {
            assert!(is_card_number(card.number), "{} is mistyped", card.name);
            assert_ne!(brand(card.number), "unknown", "{} has no brand", card.name);
        }
    }

    #[test]
    fn a_wrong_digit_or_length_is_noticed() {
        for number in [
            "4242424242424241",
            "42",
            "",
            "4242 4242 4242 4242",
            "x242424242424242",
        ] {
            assert!(!is_card_number(number), "{number} was accepted");
        }
    }
}
