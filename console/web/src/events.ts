// What happens in calls, as it happens.
import { useEffect, useReducer, useState } from "react";
import type { Turn } from "./api";

export type CallEvent = {
  seq: number; at: string; call: string; kind: string; text?: string; agent?: string; queue?: string; alert?: string;
  turn?: Turn; info?: { call_id: string; number: string; dialled: string; codec: string; started: string };
  action?: { operation: string; outcome: string };
  mood?: { score: number; trend: number; label: string; before?: string; cause?: string; by: string };
};

/** LiveCall is what is known of a call that is going on. */
export type LiveCall = {
  id: string; number: string; dialled: string; codec: string; started: string;
  turns: Turn[]; partial: string; notes: { at: string; text: string }[]; sentiment: number; flow: string; state: "attended" | "human" | "ringing";
  stage: string; agent: string; actions: { operation: string; outcome: string }[]; alerts: Alert[]; watchers: { [name: string]: string };
};

/** Alert is why somebody should look at a call. */
export type Alert = { at: string; what: string; text: string };

/** stages are what goes on in a hand-over, and who has the caller meanwhile. */
const stages: { [stage: string]: LiveCall["state"] } = {
  connected: "human", together: "human", "on hold": "human", consulting: "human", conference: "human",
  waiting: "ringing", ringing: "ringing", briefing: "ringing", ended: "attended",
};

export type Calls = { [id: string]: LiveCall };

const blank = (id: string, at: string): LiveCall => ({ id, number: "", dialled: "", codec: "", started: at, turns: [], partial: "", notes: [], sentiment: 0, flow: "", state: "attended", stage: "", agent: "", actions: [], alerts: [], watchers: {} });

/** ofPeople are events of agents and queues: they may name a call that has ended. */
const ofPeople = ["agent.state", "queue.updated"];

/** take is the state after an event. It changes nothing of the old one. */
export function take(calls: Calls, e: CallEvent): Calls {
  if (!e.call || ofPeople.includes(e.kind) || (!calls[e.call] && e.kind === "alert")) return calls;
  if (e.kind === "call.ended") {
    const { [e.call]: _, ...rest } = calls;
    return rest;
  }
  const c = { ...(calls[e.call] ?? blank(e.call, e.at)) };
  switch (e.kind) {
    case "call.started":
      if (e.info) Object.assign(c, { number: e.info.number, dialled: e.info.dialled, codec: e.info.codec, started: e.info.started });
      break;
    case "turn.partial":
      c.partial = e.turn?.text ?? "";
      break;
    case "turn.final":
      if (!e.turn) break;
      c.partial = "";
      c.turns = [...c.turns, e.turn];
      if (e.turn.side === "caller") c.sentiment = e.turn.sentiment ?? 0;
      if (e.turn.flow) c.flow = e.turn.flow;
      break;
    case "sentiment.changed":
      c.sentiment = e.mood?.score ?? c.sentiment;
      break;
    case "action.done":
      if (e.action) c.actions = [...c.actions, e.action];
      break;
    case "handed_over":
      if (e.text && stages[e.text]) Object.assign(c, { state: stages[e.text], stage: e.text });
      else if (!e.agent) c.state = "attended"; // else one agent of several was not reached
      if (e.agent) c.agent = e.agent;
      c.notes = [...c.notes, { at: e.at, text: [e.text, e.agent].filter(Boolean).join(" · ") }];
      break;
    case "supervised": {
      const { [e.agent ?? ""]: _, ...others } = c.watchers;
      c.watchers = e.text === "left" ? others : { ...others, [e.agent ?? ""]: e.text ?? "" };
      break;
    }
    case "alert":
      c.alerts = [...c.alerts, { at: e.at, what: e.alert ?? "", text: e.text ?? "" }];
      break;
  }
  return { ...calls, [e.call]: c };
}

type Told = { calls: Calls; ended: number };
const step = (s: Told, e: CallEvent): Told => ({ calls: take(s.calls, e), ended: s.ended + (e.kind === "call.ended" ? 1 : 0) });

/** staleAfter is when what is shown may be old: the server speaks every 2 s. */
const staleAfter = 5000;

/** useLive follows the calls going on. fresh is false while nothing is heard of the server. */
export function useLive(may: boolean) {
  const [told, dispatch] = useReducer(step, { calls: {}, ended: 0 });
  const fresh = useStream(may ? "/api/v1/events?replay=live" : undefined, dispatch);
  return { ...told, fresh };
}

/** useStream follows a stream of events; one of a name goes to named. It is undefined until the server is heard first, and false
 * while it is not heard. */
export function useStream(path: string | undefined, on: (e: CallEvent) => void, named?: { [name: string]: (data: string) => void }) {
  const [fresh, setFresh] = useState<boolean>();
  useEffect(() => {
    if (!path) return;
    let last = 0;
    const heard = () => { last = Date.now(); setFresh(true); };
    let source: EventSource;
    let retry = 0;
    const follow = () => {
      source = new EventSource(path);
      source.onopen = heard;
      source.addEventListener("beat", heard);
      source.onmessage = (m) => { heard(); on(JSON.parse(m.data) as CallEvent); };
      for (const [name, take] of Object.entries(named ?? {})) source.addEventListener(name, (m) => { heard(); take((m as MessageEvent<string>).data); });
      source.onerror = () => { if (source.readyState === EventSource.CLOSED) retry = window.setTimeout(follow, 2000); };
    };
    follow();
    const watch = window.setInterval(() => { if (last && Date.now() - last > staleAfter) setFresh(false); }, 500);
    return () => { source.close(); clearInterval(watch); clearTimeout(retry); };
  }, [path]);
  return fresh;
}
