// Takes the documents' screenshots: SCREENSHOTS=1 node --test tests/screenshots.test.mjs

import assert from "node:assert/strict";
import { mkdir, stat } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { farebox, site } from "./processes.mjs";
import { CARDS, launch, visit } from "./visitor.mjs";

const IMAGES = fileURLToPath(new URL("../../../docs/images/", import.meta.url));
const LARGEST = 200_000;
const skip = !process.env.SCREENSHOTS;

/** A screenshot of the viewport. */
async function picture({ page }, name) {
  await mkdir(IMAGES, { recursive: true });
  const path = `${IMAGES}site-${name}.png`;
  await page.screenshot({ path, animations: "disabled" });
  assert.ok((await stat(path)).size < LARGEST, name);
}

test("the screenshots are taken", { skip }, async (t) => {
  const { origin, sandbox } = await farebox(t);
  const world = { shop: await site(t, origin), sandbox };
  const browser = await launch();
  t.after(() => browser.close());
  const open = (options) =>
    visit(t, browser, world, { viewport: { width: 1100, height: 760 }, ...options });

  const ada = await open();
  await ada.page.goto("/");
  await picture(ada, "shop");
  await ada.signIn("Ada customer");
  await ada.take("Harbour mug", "Small sticker");
  await ada.checkOut();
  await ada.pay(CARDS.poor);
  await ada.page.getByRole("alert").filter({ hasText: "not enough money" }).waitFor();
  await picture(ada, "checkout");
  await ada.pay();
  await ada.outcome("paid");
  const orderId = ada.orderId();

  const fin = await open({ colorScheme: "dark", viewport: { width: 1100, height: 830 } });
  await fin.signIn("Fin finance");
  await fin.page.goto("/staff");
  await fin.page.getByLabel("Order id").fill(orderId);
  await fin.button("Find").click();
  await fin.page.getByLabel("Amount, in USD").fill("3.00");
  await fin.button("Refund…").click();
  await fin.button(/^Refund \$/).click();
  await fin.page.locator('tbody tr[data-state="succeeded"]').waitFor();
  await picture(fin, "staff-dark");

  const small = await open({ viewport: { width: 390, height: 844 } });
  await small.signIn();
  await small.take("Tern shirt");
  await small.page.goto("/cart");
  await small.button("One Tern shirt more").click();
  await picture(small, "cart-small");
  await small.checkOut();
  await small.pay();
  await small.outcome("paid");
  await picture(small, "paid-small");
});
