// The sandbox's card form and its test cards.

const CARDS = [
  ["4242424242424242", "pays"],
  ["4000000000009995", "insufficient funds"],
  ["4000002500003155", "3-D Secure"],
  ["4000000000000002", "declined"],
  ["4000000000000069", "expired card"],
];

const chips = document.getElementById("cards");
const number = document.getElementById("number");
const expiry = document.getElementById("expiry");
const cvc = document.getElementById("cvc");

/** Shows the form with the default card, and calls `changed` after every change of the card. */
export function showForm(changed) {
  showChips((card) => {
    fill(card);
    changed();
  });
  number.addEventListener("input", () => tidy(number, grouped));
  expiry.addEventListener("input", () => tidy(expiry, dated));
  for (const field of [number, expiry, cvc]) {
    field.addEventListener("input", () => {
      field.removeAttribute("aria-invalid");
      mark();
      changed();
    });
  }
  fill(CARDS[0][0]);
}

/** Shows the test cards beside Stripe's own form: a click copies the number. */
export function showNumbers() {
  document.getElementById("card-fields").hidden = true;
  const hint = document.getElementById("cards-hint");
  hint.textContent = "Test cards: a click copies the number";
  showChips(async (card) => {
    const copied = await navigator.clipboard.writeText(card).then(() => true, () => false);
    hint.textContent = copied ? `Copied ${grouped(card)}` : grouped(card);
  });
}

/** The entered card, or the first invalid field with its message. */
export function typed() {
  const card = {
    number: digits(number.value),
    month: digits(expiry.value).slice(0, 2),
    year: `20${digits(expiry.value).slice(2)}`,
    cvc: digits(cvc.value),
  };
  const wrong = [
    [number, card.number.length < 12, "The card number is too short."],
    [
      expiry,
      !/^(0[1-9]|1[0-2])$/.test(card.month) || card.year.length !== 4,
      "Enter a month and a year, such as 12 / 34.",
    ],
    [cvc, card.cvc.length < 3, "A security code has three or four digits."],
  ].find(([, isWrong]) => isWrong);
  if (!wrong) return { card };
  const [field, , text] = wrong;
  field.setAttribute("aria-invalid", "true");
  field.focus();
  return { wrong: text };
}

/** Locks the fields during a payment. */
export function lockForm(on) {
  for (const field of [number, expiry, cvc]) field.readOnly = on;
  for (const chip of chips.children) chip.setAttribute("aria-disabled", String(on));
}

function showChips(chosen) {
  chips.replaceChildren(
    ...CARDS.map(([card, words]) => {
      const chip = Object.assign(document.createElement("button"), {
        type: "button",
        className: "chip",
      });
      chip.dataset.card = card;
      chip.dataset.test = `card-${card.slice(-4)}`;
      const last = Object.assign(document.createElement("b"), { textContent: card.slice(-4) });
      last.setAttribute("aria-label", `Card ending in ${card.slice(-4)}:`);
      chip.append(last, ` ${words}`);
      chip.addEventListener("click", () => {
        if (chip.getAttribute("aria-disabled") !== "true") chosen(card);
      });
      return chip;
    }),
  );
}

function fill(card) {
  number.value = grouped(card);
  expiry.value = "12 / 34";
  cvc.value = "123";
  for (const field of [number, expiry, cvc]) field.removeAttribute("aria-invalid");
  mark();
}

function mark() {
  const card = digits(number.value);
  for (const chip of chips.children)
    chip.setAttribute("aria-pressed", String(chip.dataset.card === card));
}

// The caret stays behind the same digit.
function tidy(field, format) {
  const before = digits(field.value.slice(0, field.selectionStart)).length;
  const atEnd = field.selectionStart === field.value.length;
  field.value = format(field.value);
  if (atEnd) return;
  let at = 0;
  for (let seen = 0; seen < before && at < field.value.length; at += 1)
    seen += /\d/.test(field.value[at]) ? 1 : 0;
  field.setSelectionRange(at, at);
}

const digits = (text) => text.replace(/\D/g, "");
const grouped = (text) => digits(text).slice(0, 19).replace(/(\d{4})(?=\d)/g, "$1 ");

function dated(text) {
  const four = digits(text).slice(0, 4);
  return four.length > 2 ? `${four.slice(0, 2)} / ${four.slice(2)}` : four;
}
