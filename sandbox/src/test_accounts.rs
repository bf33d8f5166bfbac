//! Stripe's test bank accounts, and the result of each debit.

use crate::behaviour::{Debit, Decline};

/// A test account.
#[derive(Debug)]
pub(crate) struct TestAccount {
    /// Its `pm_usBankAccount…` name; empty for an IBAN.
    pub(crate) name: &'static str,
    /// A US account number, or an IBAN.
    pub(crate) number: &'static str,
    /// The result of a debit.
    pub(crate) debit: Debit,
}

/// The routing number of every US test account.
pub(crate) const ROUTING_NUMBER: &str = "110000000";

const fn refused(code: &'static str, message: &'static str) -> Decline {
    Decline {
        code,
        decline_code: code,
        message,
    }
}

/// The decline without a specific reason.
pub(crate) static INSUFFICIENT: Decline = refused(
    "insufficient_funds",
    "The account has insufficient funds for this debit.",
);
static CLOSED: Decline = refused("account_closed", "The bank account is closed.");
static NO_ACCOUNT: Decline = refused("no_account", "The bank did not find this account.");
static NOT_AUTHORIZED: Decline = refused(
    "debit_not_authorized",
    "The account's holder did not authorize this debit.",
);
static CURRENCY: Decline = refused(
    "invalid_currency",
    "The bank account does not accept this currency.",
);
static GENERIC: Decline = refused(
    "generic_could_not_process",
    "The bank could not process this debit.",
);

const fn account(name: &'static str, number: &'static str, debit: Debit) -> TestAccount {
    TestAccount {
        name,
        number,
        debit,
    }
}

/// Names and numbers from Stripe's pages on testing bank debits.
#[rustfmt::skip]
static ACCOUNTS: &[TestAccount] = &[
    account("pm_usBankAccount", "000123456789", Debit::Succeeds),
    account("pm_usBankAccount_success", "000123456789", Debit::Succeeds),
    account("pm_usBankAccount_accountClosed", "000111111113", Debit::Fails(&CLOSED)),
    account("pm_usBankAccount_noAccount", "000111111116", Debit::Fails(&NO_ACCOUNT)),
    account("pm_usBankAccount_insufficientFunds", "000222222227", Debit::Fails(&INSUFFICIENT)),
    account("pm_usBankAccount_debitNotAuthorized", "000333333335", Debit::Fails(&NOT_AUTHORIZED)),
    account("pm_usBankAccount_invalidCurrency", "000444444440", Debit::Fails(&CURRENCY)),
    account("pm_usBankAccount_processing", "000000000009", Debit::StaysProcessing),
    account("", "AT611904300234573201", Debit::Succeeds),
    account("", "AT321904300235473204", Debit::Succeeds),
    account("", "AT861904300235473202", Debit::Fails(&GENERIC)),
    account("", "AT051904300235473205", Debit::Fails(&GENERIC)),
    account("", "AT981904300002222227", Debit::Fails(&INSUFFICIENT)),
    account("", "DE89370400440532013000", Debit::Succeeds),
    account("", "DE62370400440532013001", Debit::Fails(&GENERIC)),
    account("", "IT40S0542811101000000123456", Debit::Succeeds),
    account("", "IT60X0542811101000000123456", Debit::Fails(&GENERIC)),
];

/// The test account with this name.
pub(crate) fn named(name: &str) -> Option<&'static TestAccount> {
    let mut named = ACCOUNTS.iter().filter(|account| !account.name.is_empty());
    named.find(|account| account.name == name)
}

/// The result of a debit from this account; `None` for any other account.
pub(crate) fn from(number: &str) -> Option<Debit> {
    let account = ACCOUNTS.iter().find(|account| account.number == number);
    account.map(|account| account.debit)
}

/// Verifies an IBAN's check digits.
pub(crate) fn is_iban(iban: &str) -> bool {
    if !(15..=34).contains(&iban.len()) || !iban.is_ascii() {
        return false;
    }
    let (head, tail) = iban.split_at(4);
    let digits = tail.chars().chain(head.chars()).map(|c| c.to_digit(36));
    let rest = digits.into_iter().try_fold(0, |rest, digit| {
        let digit = digit?;
        Some((rest * if digit > 9 { 100 } else { 10 } + digit) % 97)
    });
    rest == Some(1)
}

#[cfg(test)]
mod tests {
    use super::{ACCOUNTS, from, is_iban, named};

    #[test]
    fn every_test_iban_has_right_check_digits() {
        for account in ACCOUNTS.iter().filter(|account| account.name.is_empty()) {
            assert!(is_iban(account.number), "{} is mistyped", account.number);
        }
    }

    #[test]
    fn a_wrong_iban_is_noticed() {
        for iban in [
            "AT611904300234573202",
            "AT61",
            "",
            "AT61 1904 3002 3457 3201",
        ] {
            assert!(!is_iban(iban), "{iban} was accepted");
        }
    }

    #[test]
    fn no_name_finds_no_account() {
        assert!(named("").is_none() && from("000123456780").is_none());
    }
}
