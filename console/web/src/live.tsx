// Live: the calls going on, the one that needs somebody first, and a supervisor's part in them.
import { useEffect, useRef, useState } from "react";
import { ask, api, useAsked } from "./api";
import type { LiveCall, useLive } from "./events";
import { Caller } from "./caller";
import { between, Card, Fault, Line, Mood, Page, Said } from "./parts";
import { Supervise } from "./supervise";
import { useWords, type Key } from "./words";

/** urgency orders calls: those with alerts, the newest alert first, then who is unhappy, then who has waited longest. */
const alerted = (c: LiveCall) => Date.parse(c.alerts.at(-1)?.at ?? "") || 0;
const urgency = (a: LiveCall, b: LiveCall) => alerted(b) - alerted(a) || (a.sentiment < -0.2 ? a.sentiment : 0) - (b.sentiment < -0.2 ? b.sentiment : 0) || Date.parse(a.started) - Date.parse(b.started);

export function Live({ live, permissions }: { live: ReturnType<typeof useLive>; permissions: string[] }) {
  const { say } = useWords();
  const [open, setOpen] = useState<string>();
  const [heard, setHeard] = useState<string>(); // the call that was opened to be heard
  const supervises = permissions.includes("calls.supervise");
  const show = (id?: string, hear?: boolean) => { setOpen(id); setHeard(hear ? id : undefined); };
  const [now, setNow] = useState(() => new Date().toISOString());
  useEffect(() => {
    const t = setInterval(() => setNow(new Date().toISOString()), 1000);
    return () => clearInterval(t);
  }, []);
  const calls = Object.values(live.calls).sort(urgency);
  const shown = open ? live.calls[open] : undefined;
  return (
    <Page title={say("live")} aside={<span role="status" className={live.fresh === false ? "badge bad" : "badge"}>{say(live.fresh === undefined ? "connecting" : live.fresh ? "upToDate" : "stale")}</span>}>
      <Figures ended={live.ended} />
      <div className={shown ? "split open" : "split"}>
        <section className="card" aria-label={say("calls")}>
          {calls.length === 0 ? <p className="empty">{say("noLive")}</p> : (
            <table>
              <thead><tr><th>{say("number")}</th><th>{say("age")}</th><th>{say("state")}</th><th>{say("mood")}</th><th className="wide">{say("flow")}</th><th className="wide">{say("codec")}</th>{supervises ? <th>{say("supervise")}</th> : null}</tr></thead>
              <tbody>
                {calls.map((c) => (
                  <tr key={c.id} className={c.id === open ? "chosen" : ""}>
                    <td><button className="link" aria-expanded={c.id === open} onClick={() => show(c.id === open ? undefined : c.id)}>{c.number || "–"}</button></td>
                    <td className="num">{between(c.started, now)}</td>
                    <td>{say(c.state === "human" ? "human" : c.state === "ringing" ? "waitingState" : "attendant")}{c.agent && c.state === "human" ? ` · ${c.agent}` : ""}
                      {c.alerts.length ? <Alerts of={c} /> : null}</td>
                    <td><Mood value={c.sentiment} /></td>
                    <td className="wide">{c.flow || "–"}</td>
                    <td className="wide">{c.codec}</td>
                    {supervises ? <td><button onClick={() => show(c.id, true)} aria-label={`${say("listen")} ${c.number}`}>{say("listen")}</button></td> : null}
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </section>
        {shown ? <Drawer key={shown.id} call={shown} supervises={supervises} listen={heard === shown.id} onClose={() => show()} /> : <Card title={say("callHere")}><Caller to="support" /></Card>}
      </div>
    </Page>
  );
}

/** Alerts are why somebody should look at a call, each kind once, the newest first. */
function Alerts({ of }: { of: LiveCall }) {
  const { say } = useWords();
  const kinds = [...new Map(of.alerts.map((a) => [a.what, a])).values()].reverse();
  return <span className="alerts">{kinds.map((a) => <span key={a.what} className="badge bad" title={a.text}><span aria-hidden="true">⚠ </span>{say(("alert_" + a.what) as Key)}</span>)}</span>;
}

function Drawer({ call, supervises, listen, onClose }: { call: LiveCall; supervises: boolean; listen: boolean; onClose: () => void }) {
  const { say } = useWords();
  const end = useRef<HTMLLIElement>(null);
  useEffect(() => { end.current?.scrollIntoView({ block: "nearest" }); }, [call.turns.length, call.partial]);
  return (
    <aside className="card drawer" aria-label={say("transcript")} onKeyDown={(e) => { if (e.key === "Escape") onClose(); }}>
      <div className="head"><h2>{call.number || "–"}</h2><button onClick={onClose}>{say("close")}</button></div>
      {supervises ? <Supervise key={call.id + String(listen)} call={call} listen={listen} /> : null}
      {call.alerts.length ? <ul className="plain">{call.alerts.slice(-4).reverse().map((a, i) => <li key={i}><span className="badge bad">{say(("alert_" + a.what) as Key)}</span> <small>{a.text}</small></li>)}</ul> : null}
      {Object.entries(call.watchers).map(([who, what]) => <p key={who}><small>{say("watching", { who, what: say(what as Key) })}</small></p>)}
      <Line scores={call.turns.filter((t) => t.side === "caller").map((t) => t.sentiment ?? 0)} />
      <ol className="transcript" role="log" tabIndex={0} aria-label={say("transcript")}>
        {call.turns.map((t, i) => <Said key={i} turn={t} />)}
        {call.notes.map((n) => <li key={n.at} className="note">{say("handedOver", { text: n.text })}</li>)}
        {call.actions.length ? <li className="note">{say("actionsDone")}: {call.actions.map((a) => `${a.operation} (${a.outcome})`).join(", ")}</li> : null}
        <li ref={end} className="partial">{call.partial}</li>
      </ol>
    </aside>
  );
}

/** Figures are the day's, counted anew when a call has ended. */
function Figures({ ended }: { ended: number }) {
  const { say } = useWords();
  const { data, error } = useAsked(() => ask(api.GET("/api/v1/analytics")), [ended]);
  if (error?.status === 403) return null;
  return (
    <>
      <Fault error={error} />
      <dl className="figures" aria-label={say("today")}>
        {(data?.figures ?? []).map((f) => (
          <div key={f.name} title={`${say("formula")}: ${f.formula}`}>
            <dt>{say(f.name as "contacts")}</dt>
            <dd>{f.unit === "share" ? (f.of ? `${(100 * f.value).toFixed(0)} %` : "–") : f.unit === "score" ? f.value.toFixed(2) : f.value}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}
