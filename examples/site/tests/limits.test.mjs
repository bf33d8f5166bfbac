// Rate limits: an attacker with stolen cards, or a good customer of a busy shop, starts too many
// payments.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { freePort, Lifetime } from "./processes.mjs";
import { isSound } from "./sound.mjs";
import { opened, visit } from "./visitor.mjs";

/** The header of the proxy in front of this site. */
const ADDRESS = "x-real-ip";

const lifetime = new Lifetime();
let browser, world, stripe;

before(async () => {
  const port = await freePort();
  const variables = {
    FAREBOX_LIMIT_CALLER: "1,open:1",
    FAREBOX_LIMIT_ADDRESS: "2,open:2",
    FAREBOX_LIMIT_WINDOW: "1800",
    FAREBOX_CLIENT_ADDRESS: "header:x-client-address",
    FAREBOX_RETURN_ORIGINS: `http://127.0.0.1:${port}`,
  };
  const settings = { CLIENT_ADDRESS_HEADER: ADDRESS };
  ({ browser, world, stripe } = await opened(lifetime, { variables, settings, port }));
});
after(() => lifetime.end());

const expected = ["429 (Too Many Requests)"];

/** A visitor at an address, with further headers. */
const at = (t, address, headers = {}) =>
  visit(t, browser, world, { expected, extraHTTPHeaders: { [ADDRESS]: address, ...headers } });

/** Waits for the page's message about the limit. */
async function isToldWhen({ page }) {
  const told = page
    .getByRole("alert")
    .filter({ hasText: "Many payments were started here recently" });
  const [, minutes] = (await told.textContent()).match(
    /None was started now, and your cart is saved: try again in (\d+) minutes\./,
  );
  assert.ok(minutes > 20 && minutes <= 30, minutes);
  assert.match(await told.getAttribute("data-code"), /^too_many_payments · /);
}

test("a caller who starts too many payments reads when to try again", async (t) => {
  const visitor = await at(t, "192.0.2.1");
  await visitor.signIn();
  await visitor.buyMug();
  const before = await stripe.total();
  await visitor.take("Small sticker");
  await visitor.page.goto("/checkout");
  await isToldWhen(visitor);
  await isSound(visitor, "too many payments");
  await visitor.page.getByLabel("On Stripe’s page").check();
  await visitor.button("Continue to Stripe").click();
  await isToldWhen(visitor);
  assert.equal(await stripe.total(), before);
  await visitor.page.goto("/cart");
  await visitor.page.getByText("Small sticker").waitFor();
});

test("guests of one address share a limit, whatever address their browsers claim", async (t) => {
  for (const pretended of ["198.51.100.1", "198.51.100.2"]) {
    const one = await at(t, "192.0.2.2", {
      "x-client-address": pretended,
      "x-forwarded-for": pretended,
    });
    await one.signIn();
    await one.take("Harbour mug");
    await one.checkOut();
  }
  const third = await at(t, "192.0.2.2", {
    "x-client-address": "198.51.100.3",
    "x-forwarded-for": "198.51.100.3",
  });
  await third.signIn();
  await third.take("Harbour mug");
  await third.page.goto("/checkout");
  await third.page.getByRole("alert").filter({ hasText: "try again in" }).waitFor();

  const elsewhere = await at(t, "192.0.2.3");
  await elsewhere.signIn();
  await elsewhere.buyMug();
});
