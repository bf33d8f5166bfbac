// "What happens": the live list of calls, webhooks and deliveries.

import { clock, proof, row } from "./rows.js";

const MOST_ROWS = 300;
const RETRY_MS = 1500;

const list = document.getElementById("activity");
const scroll = document.getElementById("activity-scroll");
const newest = document.getElementById("newest");
const live = document.getElementById("live");

const seen = new Set();
const notifications = new Map();
let last = null;
let atEnd = true;

/** Tells `entry` (with the entry as `detail`), `open` and `closed`. */
export const activity = new EventTarget();

/** How often each `order.paid` message was delivered for this order, by message id. */
export const deliveries = (orderId) => notifications.get(orderId) ?? new Map();

/** Listens, and starts over whenever the server went away. */
export function listen() {
  const source = new EventSource("/dev/activity");
  source.onopen = () => {
    state("live");
    activity.dispatchEvent(new Event("open"));
  };
  source.onmessage = ({ data }) => add(JSON.parse(data));
  // A new connection instead of the browser's own retry: a restarted server counts from the start
  // again, and would take the old `Last-Event-ID` for one of its own.
  source.onerror = () => {
    source.close();
    state("reconnecting");
    activity.dispatchEvent(new Event("closed"));
    setTimeout(listen, RETRY_MS);
  };
}

function add(entry) {
  const name = `${entry.seq}:${entry.at}`;
  if (seen.has(name)) return;
  seen.add(name);
  count(entry);
  // Decisions have a list of their own.
  if (entry.source !== "audit") show(entry);
  activity.dispatchEvent(new CustomEvent("entry", { detail: entry }));
}

function count({ source, title, ok, detail, orderId, seq, at }) {
  if (source !== "notify" || title !== "order.paid" || !ok || !orderId) return;
  const message = /msg_\w+/.exec(detail ?? "")?.[0] ?? `${seq}:${at}`;
  const messages = notifications.get(orderId) ?? new Map();
  notifications.set(orderId, messages.set(message, (messages.get(message) ?? 0) + 1));
}

function show(entry) {
  document.getElementById("activity-empty").hidden = true;
  const same = last && ["source", "title", "detail", "ok", "orderId"].every((name) => last.entry[name] === entry[name]);
  if (same && entry.source === "shop" && entry.title.startsWith("GET ")) repeat(entry);
  else last = { entry, times: 1, row: list.appendChild(row(entry)) };
  if (!list.contains(document.activeElement)) stop(last.row.querySelector("summary"));
  if (list.children.length > MOST_ROWS) list.firstElementChild.remove();
  follow();
}

// The page asks for the order again and again: equal rows in a row become one with a count.
function repeat(entry) {
  last.times += 1;
  last.row.querySelector("time").textContent = clock(entry.at);
  last.row.querySelector(".times").textContent = `×${last.times}`;
}

/** Puts a line that explains the rows at the end; under the same `key` there is one. */
export function explain(key, found) {
  const line = proof(found);
  line.dataset.key = key;
  const earlier = [...list.querySelectorAll(".proof")].find((other) => other.dataset.key === key);
  earlier?.remove();
  list.append(line);
  follow();
}

function state(name) {
  live.dataset.state = name;
  live.textContent = name;
}

// The list follows its end, unless the reader went back to look at something.
function follow() {
  if (atEnd) scroll.scrollTop = scroll.scrollHeight;
  newest.hidden = atEnd;
}

// Only a reader goes up. Rows that come, or a panel that takes room, move the end and not the place.
let top = 0;
scroll.addEventListener("scroll", () => {
  const isAtEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 24;
  atEnd = isAtEnd || (atEnd && scroll.scrollTop >= top);
  top = scroll.scrollTop;
  if (atEnd) newest.hidden = true;
});

newest.addEventListener("click", () => {
  atEnd = true;
  follow();
  scroll.focus({ preventScroll: true });
});

// One stop of the Tab key for the whole list; the arrow keys go from row to row.
function stop(summary) {
  for (const other of list.querySelectorAll("summary")) other.tabIndex = other === summary ? 0 : -1;
}

list.addEventListener("focusin", ({ target }) => {
  if (target.matches("summary")) stop(target);
});

list.addEventListener("keydown", (event) => {
  const all = [...list.querySelectorAll("summary")];
  const here = all.indexOf(document.activeElement);
  const goal = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: all.length - 1 }[event.key];
  if (here < 0 || goal === undefined) return;
  event.preventDefault();
  all[goal]?.focus();
});

// Whoever opened a row reads it: the list stays where it is.
list.addEventListener(
  "toggle",
  ({ target }) => {
    if (!target.open) return;
    atEnd = false;
    requestAnimationFrame(() => reveal(target));
  },
  true,
);

// What opened is shown as far as it fits, from its first line.
function reveal(details) {
  const end = details.offsetTop + details.offsetHeight - scroll.clientHeight;
  scroll.scrollTop = Math.min(details.offsetTop, Math.max(scroll.scrollTop, end));
}

new ResizeObserver(follow).observe(scroll);
