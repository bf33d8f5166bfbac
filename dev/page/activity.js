// "What happens": the live list of calls, webhooks and deliveries.

const MOST_ROWS = 300;
const RETRY_MS = 1500;

const list = document.getElementById("activity");
const scroll = document.getElementById("activity-scroll");
const newest = document.getElementById("newest");
const live = document.getElementById("live");

const seen = new Set();
const fulfilments = new Map();
let last = null;
let atEnd = true;

/** Tells `entry` (with the entry as `detail`), `open` and `closed`. */
export const activity = new EventTarget();

/** How often each `order.paid` message was delivered for this order, by message id. */
export const deliveries = (orderId) => fulfilments.get(orderId) ?? new Map();

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
  show(entry);
  activity.dispatchEvent(new CustomEvent("entry", { detail: entry }));
}

function count({ source, title, ok, detail, orderId, seq, at }) {
  if (source !== "fulfil" || title !== "order.paid" || !ok || !orderId) return;
  const message = /msg_\w+/.exec(detail ?? "")?.[0] ?? `${seq}:${at}`;
  const messages = fulfilments.get(orderId) ?? new Map();
  fulfilments.set(orderId, messages.set(message, (messages.get(message) ?? 0) + 1));
}

function show(entry) {
  document.getElementById("activity-empty").hidden = true;
  const same = last && ["source", "title", "detail", "ok", "orderId"].every((name) => last.entry[name] === entry[name]);
  if (same && entry.source === "shop") repeat(entry);
  else last = { entry, times: 1, row: list.appendChild(row(entry)) };
  if (list.children.length > MOST_ROWS) list.firstElementChild.remove();
  follow();
}

// The page asks for the order again and again: equal rows in a row become one with a count.
function repeat(entry) {
  last.times += 1;
  last.row.querySelector("time").textContent = clock(entry.at);
  last.row.querySelector(".times").textContent = `×${last.times}`;
}

function row(entry) {
  const { seq, at, source, title, ok, detail, orderId } = entry;
  const item = document.createElement("li");
  Object.assign(item.dataset, { seq, source, title, ok, order: orderId ?? "", test: "activity-row" });
  const time = part("time", "when", clock(at));
  time.dateTime = new Date(at).toISOString();
  const tag = part("b", "tag", source);
  tag.dataset.source = source;
  const name = part("span", "title", title);
  name.append(part("span", "times", ""));
  const mark = part("span", "mark", ok ? "✓" : "✕");
  mark.setAttribute("role", "img");
  mark.setAttribute("aria-label", ok ? "ok" : "failed");
  item.append(time, tag, name, mark, part("span", "detail", detail ?? ""));
  return item;
}

function part(name, className, text) {
  return Object.assign(document.createElement(name), { className, textContent: text });
}

const clock = (at) => {
  const time = new Date(at);
  const two = (number) => String(number).padStart(2, "0");
  const thousandths = String(time.getMilliseconds()).padStart(3, "0");
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${thousandths}`;
};

function state(name) {
  live.dataset.state = name;
  live.textContent = name;
}

// The list follows its end, unless the reader went back to look at something.
function follow() {
  if (atEnd) scroll.scrollTop = scroll.scrollHeight;
  newest.hidden = atEnd;
}

scroll.addEventListener("scroll", () => {
  atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 24;
  if (atEnd) newest.hidden = true;
});

newest.addEventListener("click", () => {
  atEnd = true;
  follow();
  scroll.focus({ preventScroll: true });
});

new ResizeObserver(follow).observe(scroll);
