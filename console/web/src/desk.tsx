// Desk: an agent's place of work. The page is the agent's phone, shows who calls and what was said, and takes the wrap-up.
import { useCallback, useEffect, useReducer, useRef, useState } from "react";
import { api, ask, Problem, useAsked, type Schema, type Turn } from "./api";
import { Brief, Suggested } from "./desk-card";
import { Controls, Ringing, type Do } from "./desk-controls";
import { WrapUp } from "./desk-wrapup";
import { take, useStream, type CallEvent, type Calls } from "./events";
import { between, Card, Fault, Page, Said } from "./parts";
import { Line, NoMicrophone } from "./softphone";
import { useWords, type Key } from "./words";

export type DeskBody = Schema["DeskBody"];
export type Ring = Schema["Ring"];

const stateWords: { [state: string]: Key } = { available: "available", away: "away", offline: "offline", ringing: "ringingState", busy: "busy", "wrap-up": "wrapup" };

/** useDesk is what the server knows of the agent's place: asked for again whenever it has changed. */
function useDesk() {
  const [rings, setRings] = useState<Ring[]>([]);
  const [changes, changed] = useReducer((n: number) => n + 1, 0);
  const [calls, dispatch] = useReducer((c: Calls, e: CallEvent) => (e.kind === "call.ended" ? c : take(c, e)), {});
  const [last, setLast] = useState("");
  const follow = useCallback((e: CallEvent) => {
    if (e.call) dispatch(e);
    if (e.kind === "agent.state" || e.kind === "handed_over") changed();
  }, []);
  const named = useRef({ rings: (data: string) => {
    const list = JSON.parse(data) as Ring[];
    setRings(list);
    if (list[0]) setLast(list[0].call);
    changed();
  } });
  const fresh = useStream("/api/v1/desk/events?phone=true", follow, named.current);
  const { data: desk, error, again } = useAsked(() => ask(api.GET("/api/v1/desk", { params: { query: last ? { call: last } : {} } })), [changes, last]);
  return { desk, error, again, rings, calls, last, fresh };
}

export function Desk({ me }: { me: string }) {
  const { say } = useWords();
  const { desk, error, again, rings, calls, last, fresh } = useDesk();
  const [line, setLine] = useState<Line>();
  const [answering, setAnswering] = useState("");
  const [fault, setFault] = useState<Problem>();
  const agent = desk?.agent;
  const state = agent?.state ?? "offline";
  const ring = rings.find((r) => r.id !== answering && !r.answered);
  const working = state === "ringing" || state === "busy" || rings.length > 0;
  const call = working || state === "wrap-up" ? last || (agent?.call ?? "").split("+")[0]! : "";
  const live = calls[call];
  const failed = useCallback((e: unknown) => setFault(e instanceof Problem ? e : new Problem(0, e instanceof NoMicrophone ? say("micDenied") : String((e as Error).message ?? e))), [say]);

  // The server lets the line go when the agent's part is over.
  const up = useRef(false);
  up.current = working;
  useEffect(() => {
    if (!line || working) return;
    const soon = setTimeout(() => { if (!up.current) { void line.hangup(); setLine(undefined); setAnswering(""); } }, 1000);
    return () => clearTimeout(soon);
  }, [line, working]);
  useEffect(() => {
    if (!line) return;
    const warn = (e: BeforeUnloadEvent) => e.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [line]);
  useEffect(() => { document.title = ring ? `☎ ${say("ringingState")} – Attendant` : "Attendant"; }, [ring, say]);

  const answer = async (r: Ring, keys: string) => {
    setFault(undefined);
    setAnswering(r.id);
    const l = new Line(() => { setLine(undefined); setAnswering(""); });
    try {
      await l.speak();
      await l.connect(`/api/v1/desk/rings/${r.id}/answer${keys ? `?keys=${keys}` : ""}`);
      setLine(l);
    } catch (e) {
      void l.hangup();
      setAnswering("");
      failed(e);
    }
  };
  const hangup = () => { void line?.hangup(); setLine(undefined); setAnswering(""); };
  const order: Do = (verb, target) => {
    setFault(undefined);
    return ask(api.POST("/api/v1/calls/{id}/order", { params: { path: { id: call } }, body: { verb, target } })).then(() => { again(); return true; }, (e) => { failed(e); return false; });
  };
  const choose = (s: "available" | "away" | "offline") => {
    ask(api.PUT("/api/v1/agents/{name}/state", { params: { path: { name: me } }, body: { state: s } })).then(again, failed);
  };

  if (desk && !agent) return <Page title={say("desk")}><p className="empty">{say("noAgent", { name: me })}</p></Page>;
  const talking = state === "busy" && !!call;
  return (
    <Page title={say("desk")} aside={<States state={state} since={agent?.since} fresh={fresh} onChoose={choose} />}>
      <Fault error={error ?? fault} />
      {ring ? <Ringing ring={ring} brief={desk?.hand_over?.briefing} onAnswer={answer} onDecline={() => { ask(api.POST("/api/v1/desk/rings/{id}/decline", { params: { path: { id: ring.id } } })).catch(failed); }} /> : null}
      {call ? (
        <div className="split open">
          <div>
            {answering && !line ? <section className="card"><p role="status">{say("connectingCall")}</p></section> : null}
            {line || talking ? <Controls desk={desk!} me={me} live={live} line={line} briefed={state === "ringing"} onOrder={order} onHangup={hangup} /> : null}
            {state === "wrap-up" ? <WrapUp me={me} desk={desk!} onDone={again} /> : null}
            <Card title={say("transcript")}><Transcript turns={desk?.hand_over?.briefing?.turns ?? []} more={live?.turns ?? []} partial={live?.partial ?? ""} /></Card>
          </div>
          <div>
            <Brief brief={desk?.hand_over?.briefing} hand={desk?.hand_over} />
            <Suggested turns={live?.turns ?? desk?.hand_over?.briefing?.turns ?? []} wanted={desk?.hand_over?.briefing?.wanted ?? ""} />
          </div>
        </div>
      ) : <Idle desk={desk} state={state} />}
    </Page>
  );
}

function States({ state, since, fresh, onChoose }: { state: string; since?: string; fresh?: boolean; onChoose: (s: "available" | "away" | "offline") => void }) {
  const { say } = useWords();
  const [now, setNow] = useState(() => new Date().toISOString());
  useEffect(() => {
    const t = setInterval(() => setNow(new Date().toISOString()), 1000);
    return () => clearInterval(t);
  }, []);
  return (
    <div className="states" role="group" aria-label={say("yourState")}>
      {fresh === false ? <span role="status" className="badge bad">{say("stale")}</span> : null}
      <span className={"badge state " + state}><span role="status">{say(stateWords[state] ?? "offline")}</span> {since ? <span className="num">{between(since, now)}</span> : null}</span>
      {(["available", "away", "offline"] as const).map((s) => <button key={s} aria-pressed={state === s} onClick={() => onChoose(s)}>{say(s)}</button>)}
    </div>
  );
}

/** Transcript is what the record has and what was said since, each turn once. */
function Transcript({ turns, more, partial }: { turns: Turn[]; more: Turn[]; partial: string }) {
  const { say } = useWords();
  const end = useRef<HTMLLIElement>(null);
  const all = [...new Map([...turns, ...more].map((t) => [`${t.side} ${t.start} ${t.text}`, t])).values()].sort((a, b) => a.start - b.start);
  useEffect(() => { end.current?.scrollIntoView({ block: "nearest" }); }, [all.length, partial]);
  return (
    <ol className="transcript" role="log" tabIndex={0} aria-label={say("transcript")}>
      {all.map((t, i) => <Said key={i} turn={t} />)}
      <li ref={end} className="partial">{partial}</li>
    </ol>
  );
}

function Idle({ desk, state }: { desk?: DeskBody; state: string }) {
  const { say } = useWords();
  const { data } = useAsked(() => ask(api.GET("/api/v1/queues")), [state, desk]);
  return (
    <div className="split">
      <section className="card"><p className="empty">{say(state === "available" ? "phoneReady" : "idle")}</p>
        <h2>{say("waitingCallers")}</h2>
        <ul className="plain">{(data?.items ?? []).map((q) => <li key={q.name}><span>{q.title || q.name}</span> <span className="num">{q.waiting?.length ?? 0}</span> <small>{say("free")}: {q.free}</small></li>)}</ul>
      </section>
      <Card title={say("colleagues")}>
        <ul className="plain">{(desk?.colleagues ?? []).map((a) => <li key={a.name}><span>{a.title || a.name}</span> <small>{say(stateWords[a.state] ?? "offline")}</small></li>)}</ul>
        {desk?.colleagues?.length === 0 ? <p className="empty">{say("none")}</p> : null}
      </Card>
    </div>
  );
}
