// The card form's values and their validation.

const TEST_CARDS = [
  ["4242424242424242", "pays"],
  ["4000000000000002", "is declined"],
  ["4000000000009995", "has insufficient funds"],
  ["4000000000003220", "requires 3-D Secure"],
  ["4000000000000259", "is disputed"],
];

const digits = (text) => text.replace(/\D/g, "");

/** Formats a card number in groups of four. */
function spacedNumber(text) {
  return (digits(text).slice(0, 19).match(/.{1,4}/g) ?? []).join(" ");
}

/** Formats an expiry as `MM / YY`. */
function spacedExpiry(text) {
  const [, month, year] = /^\s*(\d{1,2})\s*[/-]\s*(\d{2,4})/.exec(text) ?? [];
  const plain = year ? month.padStart(2, "0") + year.slice(-2) : digits(text).slice(0, 4);
  return plain.length > 2 ? `${plain.slice(0, 2)} / ${plain.slice(2)}` : plain;
}

/** Checks the check digit of a card number. */
function isCardNumber(number) {
  const weighed = [...number].reverse().map((digit, place) => {
    const weight = Number(digit) * (place % 2 ? 2 : 1);
    return weight > 9 ? weight - 9 : weight;
  });
  return weighed.reduce((sum, weight) => sum + weight, 0) % 10 === 0;
}

function wrong(field, code, message) {
  return { field, error: { type: "validation_error", code, message } };
}

function wrongExpiry(expiry) {
  if (expiry.length < 4) return ["incomplete_expiry", "The expiry date is incomplete."];
  const [month, year] = [Number(expiry.slice(0, 2)), 2000 + Number(expiry.slice(2))];
  if (month < 1 || month > 12) return ["invalid_expiry_month", "This month is not valid."];
  const ends = new Date(year, month);
  return ends > new Date() ? null : ["invalid_expiry_year_past", "This card has expired."];
}

/** The first invalid field, with Stripe's code; `null` when all are valid. */
function firstProblem({ number, expiry, cvc }) {
  const plain = digits(number);
  if (plain.length < 14)
    return wrong("number", "incomplete_number", "The card number is incomplete.");
  if (!isCardNumber(plain))
    return wrong("number", "invalid_number", "This card number is not valid.");
  const late = wrongExpiry(digits(expiry));
  if (late) return wrong("expiry", ...late);
  const length = /^3[47]/.test(plain) ? 4 : 3;
  if (digits(cvc).length === length) return null;
  return wrong("cvc", "incomplete_cvc", `The security code has ${length} digits.`);
}

/** The parameters of a card, for the API. */
function cardParams({ number, expiry, cvc }) {
  const plain = digits(expiry);
  return {
    number: digits(number),
    exp_month: Number(plain.slice(0, 2)),
    exp_year: 2000 + Number(plain.slice(2)),
    cvc: digits(cvc),
  };
}
