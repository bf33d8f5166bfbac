// Takes the documents' screenshots: SCREENSHOTS=1 node --test e2e/browser/screenshots.test.mjs

import assert from "node:assert/strict";
import { mkdir, stat } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { launch, open } from "./shop.mjs";

const FOLDER = fileURLToPath(new URL("../../docs/images/", import.meta.url));
const LARGEST = 200_000;

/** Returns true when the opened row is at the top of the list. */
function isFirstInView() {
  const list = document.getElementById("activity-scroll");
  return Math.abs(list.querySelector("details[open]").offsetTop - list.scrollTop) < 2;
}

/** Takes a small screenshot of `what`. */
async function take(what, name) {
  await mkdir(FOLDER, { recursive: true });
  const path = `${FOLDER}${name}.png`;
  await what.screenshot({ path, animations: "disabled" });
  assert.ok((await stat(path)).size < LARGEST);
}

for (const colorScheme of ["light", "dark"]) {
  test(`the ${colorScheme} screenshot is taken`, { skip: !process.env.SCREENSHOTS }, async (t) => {
    const browser = await launch();
    t.after(() => browser.close());
    const shop = await open(t, browser, { colorScheme });
    await shop.choose("webhooks", "duplicate");
    await shop.pay();
    await shop.fulfilledOnce();
    await shop.proves("sent the shop 1 message");
    if (colorScheme === "dark") {
      await shop.rows("webhook", "payment_intent.succeeded").first().locator("summary").click();
      await shop.at("exchange").waitFor();
      await shop.page.waitForFunction(isFirstInView);
    }
    await take(shop.page, `shop-${colorScheme}`);
  });
}

test("the screenshot of who can refund is taken", { skip: !process.env.SCREENSHOTS }, async (t) => {
  const browser = await launch();
  t.after(() => browser.close());
  const shop = await open(t, browser, { colorScheme: "light" });
  await shop.pay();
  await shop.fulfilledOnce();
  for (const caller of ["customer", "support", "over", "below"]) await shop.refund(caller);
  await shop.at("access-left").filter({ hasText: "$5.00 refunded" }).waitFor();
  await shop.hasRows("webhook", "charge.refunded", 1);
  await take(shop.at("access"), "access-light");
});
