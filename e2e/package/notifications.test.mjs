// Each store on a real Postgres: whatever happens to a delivery, the site's own rows and the note
// of the message are written together, once.
//
//   scripts/postgres node --test e2e/package/notifications.test.mjs

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { TABLES } from "farebox/stores/pg";
import { ALL, IN_POSTGRES, open } from "./notifications/stores.mjs";
import { cutAtCommit, database, random, shuffled, site } from "./notifications/world.mjs";

test("the compiler knows the transaction of each store", async () => {
  const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
  const options = "--noEmit --strict --skipLibCheck --target es2022 --module nodenext";
  const file = fileURLToPath(new URL("notifications/types.ts", import.meta.url));
  await promisify(execFile)(process.execPath, [tsc, ...options.split(" "), file]);
});

test("the tables of the documentation are those of the stores", async () => {
  const page = await readFile(new URL("../../docs/notifications.md", import.meta.url), "utf8");
  const [, documented] = page.match(/```sql\n([^]*?)```/);
  const plain = (sql) => sql.replaceAll("if not exists ", "").replace(/\s+/g, " ").trim();
  assert.equal(plain(documented), plain(`${TABLES.join(";\n")};`));
});

for (const store of ALL) {
  const named = (name, run) => test(`${store}: ${name}`, run);
  const isPostgres = IN_POSTGRES.includes(store);
  /** What only a server's failures can cause. */
  const onServer = (name, run) => isPostgres && named(name, run);

  named("a message that comes again is handled once", async (t) => {
    const db = await database(t, store);
    const one = await site(t, store, db.url);
    for (let times = 0; times < 3; times += 1) {
      assert.equal(await one.deliver("msg_1", "order.paid"), 204);
    }
    const row = {
      message: "msg_1",
      order_id: "ord_1",
      type: "order.paid",
      version: 4,
      is_late: false,
    };
    assert.deepEqual(await db.handled(), [row]);
    assert.deepEqual(await db.ids(), ["msg_1"]);
  });

  named("deliveries at once to two processes are handled once", async (t) => {
    const db = await database(t, store);
    const sites = await Promise.all([site(t, store, db.url), site(t, store, db.url)]);
    const ids = ["msg_1", "msg_2", "msg_3"];
    const sent = ids.flatMap((id, n) =>
      sites.flatMap((one) =>
        [1, 2, 3].map(() => one.deliver(id, "order.paid", { orderId: `ord_${n}` })),
      ),
    );
    assert.deepEqual([...new Set(await Promise.all(sent))], [204]);
    assert.deepEqual((await db.handled()).map(({ message }) => message).sort(), ids);
  });

  named("a delivery waits for the handler of the same message in another process", async (t) => {
    const db = await database(t, store);
    const [first, second] = await Promise.all([site(t, store, db.url), site(t, store, db.url)]);
    const fields = { metadata: { act: "wait" } };
    const held = first.deliver("msg_1", "order.paid", fields);
    await first.waits();
    const repeated = second.deliver("msg_1", "order.paid", fields);
    const blocked = "select 1 from pg_locks where not granted";
    while (isPostgres && (await db.rows(blocked)).length === 0);
    assert.deepEqual(await db.handled(), []);
    first.go();
    assert.deepEqual(await Promise.all([held, repeated]), [204, 204]);
    assert.equal((await db.handled()).length, 1);
  });

  named("a handler that throws leaves nothing, and runs again", async (t) => {
    const db = await database(t, store);
    const one = await site(t, store, db.url);
    const act = (act) => one.deliver("msg_1", "order.paid", { metadata: { act } });
    assert.equal(await act("throw"), 500);
    assert.deepEqual([await db.handled(), await db.ids()], [[], []]);
    assert.deepEqual(await db.rows("select name from farebox_objects"), []);
    assert.equal(await act("go on"), 204);
    assert.equal((await db.handled()).length, 1);
  });

  onServer("a handler that catches a failed statement's error is not acknowledged", async (t) => {
    const db = await database(t, store);
    const one = await site(t, store, db.url);
    assert.equal(await one.deliver("msg_1", "order.paid", { metadata: { act: "swallow" } }), 500);
    assert.deepEqual([await db.handled(), await db.ids()], [[], []]);
    assert.equal(await one.deliver("msg_1", "order.paid"), 204);
  });

  named(
    "a process that is killed in a handler leaves nothing, and another handles it",
    async (t) => {
      const db = await database(t, store);
      const [first, second] = await Promise.all([site(t, store, db.url), site(t, store, db.url)]);
      const killed = first.deliver("msg_1", "order.paid", { metadata: { act: "wait" } });
      await first.waits();
      const repeated = second.deliver("msg_1", "order.paid");
      await first.kill();
      assert.deepEqual(await Promise.all([killed, repeated]), [0, 204]);
      assert.deepEqual(
        (await db.handled()).map(({ message }) => message),
        ["msg_1"],
      );
      assert.equal(await second.deliver("msg_1", "order.paid"), 204);
      assert.equal((await db.handled()).length, 1);
    },
  );

  for (const when of ["before", "after"]) {
    onServer(
      `a connection that is lost ${when} the commit: the message is handled once`,
      async (t) => {
        const db = await database(t, store);
        const way = await cutAtCommit(t, db.url, when);
        const one = await site(t, store, way.url);
        assert.equal(await one.deliver("msg_1", "order.paid"), 500);
        assert.ok(way.wasCut(), JSON.stringify(one.log()));
        while ((await db.ids()).length < (when === "after" ? 1 : 0));
        assert.equal((await db.handled()).length, when === "after" ? 1 : 0);
        assert.equal(await one.deliver("msg_1", "order.paid"), 204);
        assert.equal((await db.handled()).length, 1);
        assert.ok(one.isRunning());
      },
    );
  }

  onServer("a database that does not answer is no acknowledgement", async (t) => {
    const db = await database(t, store);
    const nowhere = new URL(db.url);
    nowhere.port = "1";
    const one = await site(t, store, nowhere.href);
    assert.equal(await one.deliver("msg_1", "order.paid"), 500);
    assert.ok(one.isRunning());
    assert.match(one.log().at(-1).text, /will come again/);
  });

  for (const seed of [1, 2, 3]) {
    named(
      `no version is handed on after a newer one, in any order of deliveries (${seed})`,
      async (t) => {
        const db = await database(t, store);
        const sites = await Promise.all([site(t, store, db.url), site(t, store, db.url)]);
        const next = random(seed);
        const messages = ["ord_a", "ord_b", "ord_c"].flatMap((orderId) =>
          Array.from({ length: 6 }, (_, n) => ({
            id: `msg_${orderId}_${n}`,
            type: n === 0 ? "order.paid" : "order.refunded",
            fields: { orderId, version: n + 1, status: "partially_refunded", refundedAmount: n },
          })),
        );
        const deliveries = shuffled([...messages, ...messages, ...messages], next);
        const queues = [[], [], [], []];
        for (const one of deliveries) queues[Math.floor(next() * queues.length)].push(one);
        const statuses = await Promise.all(
          queues.map(async (queue, n) => {
            const got = [];
            for (const { id, type, fields } of queue) {
              got.push(await sites[n % 2].deliver(id, type, fields));
            }
            return got;
          }),
        );
        assert.deepEqual([...new Set(statuses.flat())], [204]);
        const rows = await db.handled();
        assert.deepEqual(
          rows.map(({ message }) => message).sort(),
          messages.map(({ id }) => id).sort(),
        );
        for (const orderId of ["ord_a", "ord_b", "ord_c"]) {
          let newest = 0;
          for (const row of rows.filter(({ order_id }) => order_id === orderId)) {
            const own = Number(row.message.at(-1)) + 1;
            assert.equal(row.is_late, own < newest, JSON.stringify(row));
            newest = Math.max(newest, own);
            assert.equal(row.version, newest, JSON.stringify(row));
          }
          assert.equal(newest, 6);
        }
        const known = await db.rows("select version, state from farebox_objects order by name");
        assert.deepEqual(
          known.map(({ version, state }) => [Number(version), JSON.parse(state).refundedAmount]),
          [
            [6, 5],
            [6, 5],
            [6, 5],
          ],
        );
      },
    );
  }

  named("nothing of the payer is kept", async (t) => {
    const db = await database(t, store);
    const one = await site(t, store, db.url);
    const payer = { email: "ada@example.com", name: "Ada", phone: null, address: null };
    const personal = {
      payer,
      shipping: payer,
      customFields: { gift: "for eve" },
      receiptUrl: "https://r",
      invoiceUrl: "https://i",
    };
    await one.deliver("msg_1", "order.paid", personal);
    const [{ state }] = await db.rows("select state from farebox_objects");
    assert.doesNotMatch(state, /ada@|Ada|eve|https/);
    assert.equal(JSON.parse(state).status, "paid");
  });

  named("ids are forgotten after 30 days, and those of payments are not", async (t) => {
    const db = await database(t, store);
    const insert = (id, type, days) => {
      const at = Math.floor(Date.now() / 1000) - days * 24 * 60 * 60;
      return db.rows(`insert into farebox_messages values ('${id}', '${type}', ${at})`);
    };
    await insert("old", "order.refunded", 31);
    await insert("young", "order.refunded", 29);
    await insert("paid", "order.paid", 400);
    const { store: opened, close } = await open(store, db.url);
    const message = { id: "new", type: "order.refunded", object: null };
    assert.equal(await opened.once(message, async () => {}), "handled");
    assert.equal(await opened.once({ ...message, id: "paid" }, assert.fail), "repeated");
    assert.deepEqual(await db.ids(), ["new", "paid", "young"]);
    await close();
  });
}
