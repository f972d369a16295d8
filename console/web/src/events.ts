// What happens in calls, as it happens.
import { useEffect, useReducer, useState } from "react";
import type { Turn } from "./api";

export type CallEvent = {
  seq: number; at: string; call: string; kind: string; text?: string;
  turn?: Turn; info?: { call_id: string; number: string; dialled: string; codec: string; started: string };
  action?: { operation: string; outcome: string };
  mood?: { score: number; trend: number; label: string; before?: string; cause?: string; by: string };
};

/** LiveCall is what is known of a call that is going on. */
export type LiveCall = {
  id: string; number: string; dialled: string; codec: string; started: string;
  turns: Turn[]; partial: string; notes: { at: string; text: string }[]; sentiment: number; flow: string; state: "attended" | "human" | "ringing";
};

type Calls = { [id: string]: LiveCall };

const blank = (id: string, at: string): LiveCall => ({ id, number: "", dialled: "", codec: "", started: at, turns: [], partial: "", notes: [], sentiment: 0, flow: "", state: "attended" });

/** take is the state after an event. It changes nothing of the old one. */
export function take(calls: Calls, e: CallEvent): Calls {
  if (!e.call) return calls;
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
    case "handed_over":
      c.state = e.text === "connected" ? "human" : e.text === "ringing" ? "ringing" : "attended";
      c.notes = [...c.notes, { at: e.at, text: e.text ?? "" }];
      break;
  }
  return { ...calls, [e.call]: c };
}

type Told = { calls: Calls; ended: number };
const step = (s: Told, e: CallEvent): Told => ({ calls: take(s.calls, e), ended: s.ended + (e.kind === "call.ended" ? 1 : 0) });

/** staleAfter is when what is shown may be old: the server speaks every 2 s. */
const staleAfter = 5000;

/** useLive follows the calls going on. fresh is false while nothing is heard of the server. */
export function useLive() {
  const [told, dispatch] = useReducer(step, { calls: {}, ended: 0 });
  const [fresh, setFresh] = useState<boolean>();
  useEffect(() => {
    let last = 0;
    const heard = () => { last = Date.now(); setFresh(true); };
    let source: EventSource;
    let retry = 0;
    const follow = () => {
      source = new EventSource("/api/v1/events?replay=live");
      source.onopen = heard;
      source.addEventListener("beat", heard);
      source.onmessage = (m) => { heard(); dispatch(JSON.parse(m.data) as CallEvent); };
      source.onerror = () => { if (source.readyState === EventSource.CLOSED) retry = window.setTimeout(follow, 2000); };
    };
    follow();
    const watch = window.setInterval(() => { if (last && Date.now() - last > staleAfter) setFresh(false); }, 500);
    return () => { source.close(); clearInterval(watch); clearTimeout(retry); };
  }, []);
  return { ...told, fresh };
}
