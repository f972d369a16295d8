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
  const list = await (await fetch("api/v1/calls?limit=50")).json();
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

let last = Date.now();
const source = new EventSource("events?replay=live");
source.onopen = () => { last = Date.now(); $("state").textContent = "live"; };
source.onerror = () => { $("state").textContent = "connection lost, trying again"; };
source.onmessage = (m) => { last = Date.now(); $("state").textContent = "live"; take(JSON.parse(m.data)); };
fetch("api/v1/live").then((r) => r.json()).then((live) => { for (const id in live) card(id, live[id]); });
past();
