// A site on the package, built and started with Next.js 15 and 16: both routers, the Edge runtime,
// and proxy.ts or middleware.ts.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { parseEnv } from "node:util";
import { decodeJwt } from "jose";
import { cookieOf, mugs, startShop } from "../../packages/farebox/test/shop.mjs";
import { build, copySite, serve } from "./apps/next.mjs";

const COOKIE = /^farebox_guest=[\w-]{32}; Path=\/; Max-Age=31536000; HttpOnly; SameSite=Lax$/;

/** The text of a page's first paragraph. */
const paragraph = async (page) =>
  (await page.text()).match(/<p>(.*?)<\/p>/)?.[1].replaceAll(/<!--.*?-->/g, "");

/** Starts the payment of two mugs, as a page of the site does. */
const pay = (origin, path, { key = crypto.randomUUID(), cookie = "" } = {}) =>
  fetch(`${origin}${path}/create-intent`, {
    method: "POST",
    headers: {
      "sec-fetch-site": "same-origin",
      "content-type": "application/json",
      "idempotency-key": key,
      cookie,
    },
    body: JSON.stringify(mugs),
  });

for (const version of [15, 16])
  test(`a site on Next.js ${version}`, async (t) => {
    const folder = await copySite(t, version);
    const { code, printed } = await build(folder);
    assert.equal(code, 0, printed);
    const { file } = await startShop(t);
    const { FAREBOX_DEV_DIR } = process.env;
    const { origin } = await serve(t, folder, { FAREBOX_DEV_DIR });
    const shop = parseEnv(await readFile(file, "utf8"));

    await t.test(
      "the first page makes a guest, and no cache keeps it, though it is static",
      async () => {
        const page = await fetch(origin);
        assert.match(page.headers.get("set-cookie"), COOKIE);
        assert.equal(page.headers.get("cache-control"), "private, no-cache");
        assert.match(page.headers.get("content-security-policy"), /'nonce-[\w+/]{24}'/);
        assert.match(await page.text(), /The same for everybody/);
        const again = await fetch(origin, { headers: { cookie: cookieOf(page) } });
        assert.equal(again.headers.get("set-cookie"), null);
      },
    );

    for (const [router, path] of [
      ["App", "/api/payments"],
      ["Pages", "/api/legacy"],
    ])
      await t.test(`two first payments at once are one guest in the ${router} Router`, async () => {
        const key = crypto.randomUUID();
        const answers = await Promise.all([pay(origin, path, { key }), pay(origin, path, { key })]);
        const [one, other] = answers.map(cookieOf);
        assert.equal(one, other);
        const started = answers.find(({ status }) => status === 200);
        const { orderId } = await started.json();
        const page = await fetch(`${origin}/mine?id=${orderId}`, { headers: { cookie: one } });
        assert.equal(await paragraph(page), `Order ${orderId} is created.`);
        const strangers = await fetch(`${origin}/mine?id=${orderId}`);
        assert.equal(await paragraph(strangers), undefined);
      });

    await t.test("a guarded page is asked for each request, in both routers", async () => {
      for (const page of ["/gated", "/old"])
        assert.equal(await paragraph(await fetch(origin + page)), "Plans");
      assert.doesNotMatch(printed, /[○●] \/gated/);
    });

    await t.test("a signed order names the guest who signed in as its previous owner", async () => {
      const cookie = cookieOf(await pay(origin, "/api/payments"));
      const signed = async (cookie, query = "") => {
        const { order } = await (
          await fetch(`${origin}/api/order${query}`, { headers: { cookie } })
        ).json();
        const { sub, previousSub } = decodeJwt(order);
        return [sub, previousSub];
      };
      const guest = `guest-${cookie.split("=")[1]}`;
      assert.deepEqual(await signed(cookie), [guest, undefined]);
      assert.deepEqual(await signed(`${cookie}; user=ada`), ["ada", guest]);
      assert.deepEqual(await signed("user=ada"), ["ada", undefined]);
      assert.deepEqual(await signed(`${cookie}; user=ada`, "?for=ada"), ["ada", guest]);
      assert.deepEqual(await signed(`${cookie}; user=sam`, "?for=ada"), ["ada", undefined]);
    });

    await t.test("a guest ends by a cookie that the browser takes", async () => {
      const leave = (headers) => fetch(`${origin}/api/leave`, { method: "POST", headers });
      const plain = (await leave({})).headers.get("set-cookie");
      assert.match(plain, /^farebox_guest=; Path=\/;.* Max-Age=0;/);
      const secure = (await leave({ "x-forwarded-proto": "https" })).headers.get("set-cookie");
      assert.match(secure, /^__Host-farebox_guest=; Path=\/;.* Max-Age=0;.* Secure;/);
    });

    await t.test("no path leads to another function, and no method to a third", async () => {
      const headers = { cookie: "user=ada" };
      const call = (path, init) => fetch(origin + path, { redirect: "manual", headers, ...init });
      for (const path of ["/api/payments", "/api/legacy"]) {
        for (const name of ["health", "Orders", "webhooks/stripe", "order%2Fx", "%2e%2e/health"])
          assert.equal((await call(`${path}/${name}`)).status, 404, name);
        assert.equal((await call(`${path}/orders/`)).headers.get("location"), `${path}/orders`);
        assert.equal((await call(`${path}/orders`)).status, 200);
        for (const method of ["HEAD", "PUT", "DELETE"])
          assert.equal((await call(`${path}/orders`, { method })).status, 405, method);
      }
    });

    await t.test("the Edge runtime reads no file, and says so in the log alone", async () => {
      const answer = await pay(origin, "/api/edge");
      const { error } = await answer.json();
      assert.deepEqual([answer.status, error.code], [503, "not_configured"]);
      assert.match(error.message, /^FAREBOX_ORIGIN is not set/);
    });

    await t.test(
      "with variables, a guest pays in the Edge runtime, by a cookie for HTTPS",
      async (t) => {
        const { FAREBOX_ORIGIN, FAREBOX_SITE_KEY } = shop;
        const { origin } = await serve(t, folder, { FAREBOX_ORIGIN, FAREBOX_SITE_KEY });
        for (const path of ["/api/edge", "/api/payments"]) {
          const started = await pay(origin, path);
          assert.equal(started.status, 200);
          assert.match(started.headers.get("set-cookie"), /^__Host-farebox_guest=.*; Secure$/);
        }
        const page = await fetch(origin);
        assert.match(page.headers.get("set-cookie"), /^__Host-farebox_guest=.*; Secure$/);
        assert.doesNotMatch(page.headers.get("content-security-policy"), /127\.0\.0\.1|localhost/);
      },
    );
  });

for (const version of [15, 16])
  test(`a client component of Next.js ${version} cannot import the server's part`, async (t) => {
    const folder = await copySite(t, version, "wrong");
    const { code, printed } = await build(folder);
    assert.equal(code, 1, printed);
    assert.match(printed, /server-only|Server Component/);
    assert.match(printed, /farebox\/dist\/server\/browser\.js/);
  });
