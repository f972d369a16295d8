// Live: the calls going on, the one that needs somebody first.
import { useEffect, useRef, useState } from "react";
import { ask, api, useAsked } from "./api";
import type { LiveCall, useLive } from "./events";
import { Caller } from "./caller";
import { between, Card, Fault, Line, Mood, Page, Said } from "./parts";
import { useWords } from "./words";

/** urgency orders calls: who is unhappy, then who has waited longest. */
const urgency = (a: LiveCall, b: LiveCall) => (a.sentiment < -0.2 ? a.sentiment : 0) - (b.sentiment < -0.2 ? b.sentiment : 0) || Date.parse(a.started) - Date.parse(b.started);

export function Live({ live }: { live: ReturnType<typeof useLive> }) {
  const { say } = useWords();
  const [open, setOpen] = useState<string>();
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
              <thead><tr><th>{say("number")}</th><th>{say("age")}</th><th>{say("state")}</th><th>{say("mood")}</th><th className="wide">{say("flow")}</th><th className="wide">{say("codec")}</th></tr></thead>
              <tbody>
                {calls.map((c) => (
                  <tr key={c.id} className={c.id === open ? "chosen" : ""}>
                    <td><button className="link" aria-expanded={c.id === open} onClick={() => setOpen(c.id === open ? undefined : c.id)}>{c.number || "–"}</button></td>
                    <td className="num">{between(c.started, now)}</td>
                    <td>{c.state === "human" ? say("human") : say("attendant")}</td>
                    <td><Mood value={c.sentiment} /></td>
                    <td className="wide">{c.flow || "–"}</td>
                    <td className="wide">{c.codec}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </section>
        {shown ? <Drawer call={shown} onClose={() => setOpen(undefined)} /> : <Card title={say("callHere")}><Caller to="support" /></Card>}
      </div>
    </Page>
  );
}

function Drawer({ call, onClose }: { call: LiveCall; onClose: () => void }) {
  const { say } = useWords();
  const end = useRef<HTMLLIElement>(null);
  useEffect(() => { end.current?.scrollIntoView({ block: "nearest" }); }, [call.turns.length, call.partial]);
  return (
    <aside className="card drawer" aria-label={say("transcript")} onKeyDown={(e) => { if (e.key === "Escape") onClose(); }}>
      <div className="head"><h2>{call.number || "–"}</h2><button onClick={onClose}>{say("close")}</button></div>
      <Line scores={call.turns.filter((t) => t.side === "caller").map((t) => t.sentiment ?? 0)} />
      <ol className="transcript" role="log" tabIndex={0} aria-label={say("transcript")}>
        {call.turns.map((t, i) => <Said key={i} turn={t} />)}
        {call.notes.map((n) => <li key={n.at} className="note">{say("handedOver", { text: n.text })}</li>)}
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
