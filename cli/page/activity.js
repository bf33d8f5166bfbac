// "Activity": the live list of requests, webhooks and notifications.

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

/** Emits `entry` (with the entry as `detail`), `open` and `closed`. */
export const activity = new EventTarget();

/** The number of deliveries of each `order.paid` message for this order, by message id. */
export const deliveries = (orderId) => notifications.get(orderId) ?? new Map();

/** Opens the stream, and reconnects when it closes. */
export function listen() {
  const source = new EventSource("/dev/activity");
  source.onopen = () => {
    state("live");
    activity.dispatchEvent(new Event("open"));
  };
  source.onmessage = ({ data }) => add(JSON.parse(data));
  // Opens a new connection in place of the browser's own retry: a restarted server numbers rows
  // from 1, and would misread the old `Last-Event-ID`.
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
  // Decisions have their own list.
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
  const same =
    last &&
    ["source", "title", "detail", "ok", "orderId"].every(
      (name) => last.entry[name] === entry[name],
    );
  if (same && entry.source === "shop" && entry.title.startsWith("GET ")) repeat(entry);
  else last = { entry, times: 1, row: list.appendChild(row(entry)) };
  if (!list.contains(document.activeElement)) stop(last.row.querySelector("summary"));
  if (list.children.length > MOST_ROWS) list.firstElementChild.remove();
  follow();
}

// The page polls its order: consecutive equal rows become one with a count.
function repeat(entry) {
  last.times += 1;
  last.row.querySelector("time").textContent = clock(entry.at);
  last.row.querySelector(".times").textContent = `×${last.times}`;
}

/** Appends a line that explains the rows; a later one with the same `key` replaces it. */
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

/** So near the end, in pixels, a reader is at the end. */
const NEAR = 24;
/** The position to which the list last scrolled by itself. */
let followedTo = 0;

// The list scrolls to its end, unless the reader scrolled up.
function follow() {
  if (atEnd) {
    scroll.scrollTop = scroll.scrollHeight;
    followedTo = scroll.scrollTop;
  }
  newest.hidden = atEnd;
}

// Only a reader scrolls up. New rows and opened panels move the end, and a row that becomes lower
// moves the position by a pixel or two.
scroll.addEventListener("scroll", () => {
  const isAtEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < NEAR;
  atEnd = isAtEnd || (atEnd && scroll.scrollTop > followedTo - NEAR);
  if (atEnd) newest.hidden = true;
});

newest.addEventListener("click", () => {
  atEnd = true;
  follow();
  scroll.focus({ preventScroll: true });
});

// The list is one stop of the Tab key; the arrow keys move between rows.
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

// An opened row stays in place while it is read.
list.addEventListener(
  "toggle",
  ({ target }) => {
    if (!target.open) return;
    atEnd = false;
    requestAnimationFrame(() => reveal(target));
  },
  true,
);

// Scrolls to show an opened row, from its first line.
function reveal(details) {
  const end = details.offsetTop + details.offsetHeight - scroll.clientHeight;
  scroll.scrollTop = Math.min(details.offsetTop, Math.max(scroll.scrollTop, end));
}

new ResizeObserver(follow).observe(scroll);
