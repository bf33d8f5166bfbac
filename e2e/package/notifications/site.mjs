// A site that receives notifications, in a process of its own: `site.mjs STORE DATABASE_URL`.
//
// Its handler writes a row for each message, in the transaction of the store. `metadata.act` of the
// order says what it does then:
//
// | act | |
// |---|---|
// | `throw` | throws |
// | `swallow` | sends a statement that fails, and catches the error |
// | `wait` | prints `waiting`, and goes on at the next line of its input |
//
// It prints its address, and the log as JSON.

import { createServer } from "node:http";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { nodeReceiver } from "../../../packages/farebox/dist/notifications/receive.js";
import { SECRET } from "../../../packages/farebox/test/notifications.mjs";
import { open } from "./stores.mjs";

const [, , name, url] = process.argv;
const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const { store, write } = await open(name, url);
const lines = createInterface({ input: process.stdin });

/** The site's work for a message. */
async function handle(data, tx, message) {
  const row = [message.id, data.orderId, message.type, data.version, message.isLate];
  await write(tx, row);
  switch (data.metadata.act) {
    case "throw":
      throw new Error("the handler throws");
    case "swallow":
      await write(tx, row).catch(() => {});
      break;
    case "wait":
      print("waiting");
      await once(lines, "line");
      break;
  }
}

const receive = nodeReceiver({
  handlers: { default: handle },
  store,
  secret: () => SECRET,
  log: ({ error, ...entry }) => print({ ...entry, error: error && String(error) }),
});
const server = createServer(receive);
server.listen(0, "127.0.0.1");
await once(server, "listening");
print(`http://127.0.0.1:${server.address().port}/`);
