// One row of the live list: a line that opens to the request and its response. The server masked
// both.

const MASK = "••••";

/** A row as a list item; its details are built when it is first opened. */
export function row(entry) {
  const { seq, source, title, ok, orderId, eventId } = entry;
  const item = document.createElement("li");
  Object.assign(item.dataset, {
    seq,
    source,
    title,
    ok,
    order: orderId ?? "",
    event: eventId ?? "",
    test: "activity-row",
  });
  const details = document.createElement("details");
  details.append(line(entry));
  details.addEventListener("toggle", () => details.append(exchange(entry)), { once: true });
  item.append(details);
  return item;
}

/** A line that explains the rows above it. */
export function proof({ text, ok }) {
  const item = document.createElement("li");
  Object.assign(item.dataset, { test: "proof", ok });
  item.className = "proof";
  item.append(mark(ok), part("p", "", text));
  return item;
}

/** The time of day, with milliseconds. */
export function clock(at) {
  const time = new Date(at);
  const two = (number) => String(number).padStart(2, "0");
  const thousandths = String(time.getMilliseconds()).padStart(3, "0");
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":");
  return `${clock}.${thousandths}`;
}

function line({ at, source, title, ok, detail }) {
  const summary = document.createElement("summary");
  const time = part("time", "when", clock(at));
  time.dateTime = new Date(at).toISOString();
  const tag = part("b", "tag", source);
  tag.dataset.source = source;
  const name = part("span", "title", title);
  name.append(part("span", "times", ""));
  summary.append(time, tag, name, mark(ok), part("span", "detail", detail ?? ""));
  return summary;
}

function mark(ok) {
  const mark = part("span", "outcome", ok ? "✓" : "✕");
  mark.setAttribute("role", "img");
  mark.setAttribute("aria-label", ok ? "ok" : "failed");
  return mark;
}

function exchange({ source, request, response }) {
  const place = part("div", "exchange", "");
  place.dataset.test = "exchange";
  if (request) place.append(...side("Request", `${request.method} ${request.path}`, request));
  if (response && source === "order") place.append(...side("In the database", "", response));
  else if (response) place.append(...side("Response", response.status ?? "none", response));
  if (source === "stripe")
    place.append(part("p", "aside", "For the sandbox's responses, only the status is recorded."));
  return place;
}

function side(heading, first, { headers, body }) {
  const title = part("h3", "", heading);
  if (first !== "") title.append(" ", part("code", "", first));
  const parts = [title];
  if (headers.length) {
    const list = part("dl", "headers", "");
    for (const [name, value] of headers) list.append(part("dt", "", name), masked("dd", value));
    parts.push(list);
  }
  if (body) parts.push(masked("pre", body));
  return parts;
}

/** A text with its masked parts highlighted. */
function masked(name, text) {
  const place = document.createElement(name);
  for (const [index, piece] of text.split(MASK).entries()) {
    if (index)
      place.append(Object.assign(part("span", "masked", MASK), { title: "masked by the server" }));
    place.append(piece);
  }
  return place;
}

const part = (name, className, textContent) =>
  Object.assign(document.createElement(name), { className, textContent });
