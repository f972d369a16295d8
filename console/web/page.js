"use strict";
const $ = (id) => document.getElementById(id);
const make = (tag, text, name) => {
  const e = document.createElement(tag);
  if (text !== undefined) e.textContent = text; // callers' words are text, never HTML
  if (name) e.className = name;
  return e;
};
const seconds = (ns) => (ns / 1e9).toFixed(2) + " s";

function turn(t) {
  const li = make("li", undefined, t.side);
  li.append(make("span", t.text || "(nothing was heard)"));
  const notes = [t.side];
  if (t.interrupted) notes.push("interrupted");
  if (t.mood && t.side === "caller") notes.push(t.mood);
  if (t.commands) notes.push(t.commands.join(", "));
  if (t.delays) notes.push("answered after " + seconds(t.delays.total));
  if (t.sources) notes.push(t.sources.join(", "));
  li.append(make("small", notes.join(" · ")));
  return li;
}

const calls = new Map();
function card(id, info) {
  if (calls.has(id)) return calls.get(id);
  const box = make("div", undefined, "call");
  box.append(make("strong", (info && info.number) || "unknown number"), make("small", id + (info ? " · " + info.codec : "")));
  const list = make("ol");
  list.setAttribute("role", "log");
  const partial = make("p", "", "partial");
  box.append(list, partial);
  $("live").append(box);
  const c = { box, list, partial };
  calls.set(id, c);
  $("none").hidden = true;
  return c;
}

function take(e) {
  if (e.kind === "call.ended") {
    const c = calls.get(e.call);
    if (c) c.box.remove();
    calls.delete(e.call);
    $("none").hidden = calls.size > 0;
    past();
    return;
  }
  const c = card(e.call, e.info);
  if (e.kind === "turn.partial") c.partial.textContent = e.turn.text;
  if (e.kind === "turn.final") {
    c.partial.textContent = "";
    c.list.append(turn(e.turn));
  }
  if (e.kind === "handed_over") c.list.append(make("li", "human: " + e.text));
}

async function past() {
  const list = (await (await fetch("api/v1/calls?limit=50")).json()).items;
  $("past").replaceChildren(...list.map((r) => {
    const tr = make("tr");
    const open = make("button", new Date(r.started).toLocaleString());
    open.addEventListener("click", () => show(r.id));
    const first = make("td");
    first.append(open);
    const length = Math.round((new Date(r.ended) - new Date(r.started)) / 1000) + " s";
    tr.append(first, ...[r.number, length, r.flow || "", r.outcome, r.sentiment.toFixed(2)].map((t) => make("td", t)));
    return tr;
  }));
}

async function show(id) {
  const r = await (await fetch("api/v1/calls/" + encodeURIComponent(id))).json();
  $("facts").replaceChildren(make("p", [r.id, r.number, r.codec, r.outcome, r.end_cause].join(" · ")));
  $("audio").hidden = !r.recording;
  $("audio").src = "api/v1/calls/" + encodeURIComponent(id) + "/recording";
  $("turns").replaceChildren(...(r.turns || []).map(turn));
  $("call").hidden = false;
  $("h-call").scrollIntoView();
}

async function begin() {
  const session = await fetch("api/v1/session");
  $("signin").hidden = session.ok;
  $("main").hidden = !session.ok;
  if (!session.ok) {
    $("state").textContent = "not signed in";
    return;
  }
  follow();
  for (const call of (await (await fetch("api/v1/live")).json()).items) card(call.id, call);
  past();
}

// follow shows what happens as it happens; without a word from the server for
// 5 s it says so, since what is shown may be old.
function follow() {
  let last = Date.now();
  const heard = () => { last = Date.now(); $("state").textContent = "live"; };
  const source = new EventSource("api/v1/events?replay=live");
  source.onopen = heard;
  source.addEventListener("beat", heard);
  source.onmessage = (m) => { heard(); take(JSON.parse(m.data)); };
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 3000);
  };
  setInterval(() => { if (Date.now() - last > 5000) $("state").textContent = "connection lost, trying again: what you see may be old"; }, 1000);
}

$("signin").addEventListener("submit", async (e) => {
  e.preventDefault();
  const body = JSON.stringify(Object.fromEntries(new FormData(e.target)));
  const answer = await fetch("api/v1/session", { method: "POST", headers: { "Content-Type": "application/json" }, body });
  $("wrong").textContent = answer.ok ? "" : (await answer.json()).detail;
  if (answer.ok) begin();
});
begin();
