// The audit trail: one row for each access decision in the functions' log. Consecutive reads of the
// order by the page itself share one row with a count.

import { activity } from "./activity.js";
import { clock } from "./rows.js";

const MOST_ROWS = 100;

const list = document.getElementById("trail");
const byRequest = new Map();
let latest = null;

/** Emits `decision` when one was recorded. */
export const decisions = new EventTarget();

/** The decision about this request; undefined until it is recorded. */
export const decided = (requestId) => byRequest.get(requestId);

activity.addEventListener("entry", ({ detail: { source, decision, at } }) => {
  if (source !== "audit") return;
  byRequest.set(decision.requestId, decision);
  if (byRequest.size > MOST_ROWS) byRequest.delete(byRequest.keys().next().value);
  show(decision, at);
  decisions.dispatchEvent(new Event("decision"));
});

function show(decision, at) {
  document.getElementById("trail-empty").hidden = true;
  const same =
    latest &&
    ["who", "roles", "action", "object", "why"].every(
      (name) => latest.decision[name] === decision[name],
    );
  const times = same && decision.action === "order:read" ? latest.times + 1 : 1;
  if (times > 1) latest.row.remove();
  latest = { decision, times, row: row(decision, at, times) };
  list.prepend(latest.row);
  if (list.rows.length > MOST_ROWS) list.lastElementChild.remove();
}

function row(decision, at, times) {
  const { who, roles, action, object, allowed, why, requestId } = decision;
  const line = document.createElement("tr");
  line.className = times > 1 ? "again" : "";
  Object.assign(line.dataset, {
    test: "decision",
    roles,
    action,
    allowed,
    why,
    request: requestId ?? "",
  });
  const count = times > 1 ? ` ×${times}` : "";
  const end = allowed ? "✓ allowed" : "✕ denied";
  line.append(
    cell([roles || "no role", ""], [who, "mono"]),
    cell(
      [action + count, "mono"],
      [object === "none" ? "no object yet" : object, object === "none" ? "" : "mono"],
    ),
    cell([end, "end"], [why, "mono"]),
    cell([requestId ?? "none", "mono"], [clock(at).split(".")[0], "mono"]),
  );
  return line;
}

/** A cell of stacked lines. Long text is truncated on display and complete in the title. */
function cell(...lines) {
  const place = document.createElement("td");
  for (const [textContent, className] of lines) {
    place.append(
      Object.assign(document.createElement("span"), { textContent, className, title: textContent }),
    );
  }
  return place;
}
