// Calls: the finished ones, and one of them in full.
import { useEffect, useRef, useState } from "react";
import { Link } from "wouter";
import { api, ask, seconds, useAsked, type Record } from "./api";
import { between, Card, clock, Fault, Line, Mood, Page, Said } from "./parts";
import { useWords } from "./words";

const outcomes = ["resolved_confirmed", "resolved_assumed", "escalated", "abandoned_in_ai", "out_of_scope_closed", "tech_failure", "short"];

export function Calls({ outcome: asked }: { outcome?: string }) {
  const { say } = useWords();
  const [outcome, setOutcome] = useState(asked ?? "");
  const [older, setOlder] = useState<Record[]>([]);
  const [next, setNext] = useState<string>();
  const first = useAsked(() => ask(api.GET("/api/v1/calls", { params: { query: { outcome: outcome || undefined, limit: 50 } } })), [outcome]);
  useEffect(() => { setOlder([]); setNext(first.data?.next); }, [first.data]);
  const more = async () => {
    const page = await ask(api.GET("/api/v1/calls", { params: { query: { outcome: outcome || undefined, limit: 50, before: next } } }));
    setOlder([...older, ...(page.items ?? [])]);
    setNext(page.next);
  };
  const list = [...(first.data?.items ?? []), ...older];
  return (
    <Page title={say("calls")} aside={
      <label>{say("filter")} <select value={outcome} onChange={(e) => setOutcome(e.target.value)}>
        <option value="">{say("all")}</option>{outcomes.map((o) => <option key={o}>{o}</option>)}
      </select></label>}>
      <Fault error={first.error} />
      <section className="card" aria-label={say("calls")}>
        <table>
          <thead><tr><th>{say("started")}</th><th>{say("number")}</th><th>{say("length")}</th><th className="wide">{say("flow")}</th><th>{say("outcome")}</th><th>{say("mood")}</th></tr></thead>
          <tbody>{list.map((r) => (
            <tr key={r.id}>
              <td><Link href={"/calls/" + r.id}>{new Date(r.started).toLocaleString()}</Link></td>
              <td>{r.number}</td><td className="num">{between(r.started, r.ended)}</td><td className="wide">{r.flow ?? "–"}</td><td>{r.outcome}</td><td><Mood value={r.sentiment} /></td>
            </tr>))}
          </tbody>
        </table>
        {list.length === 0 && first.data ? <p className="empty">{say("none")}</p> : null}
        {next ? <button onClick={more}>{say("more")}</button> : null}
      </section>
    </Page>
  );
}

export function Call({ id }: { id: string }) {
  const { say } = useWords();
  const { data: r, error } = useAsked(() => ask(api.GET("/api/v1/calls/{id}", { params: { path: { id } } })), [id]);
  const audio = useRef<HTMLAudioElement>(null);
  const [at, setAt] = useState(0);
  if (!r) return <Page title={say("calls")}><Fault error={error} /></Page>;
  const go = (t: number) => { if (audio.current) { audio.current.currentTime = t; void audio.current.play(); } };
  const turns = r.turns ?? [];
  return (
    <Page title={r.number || "–"} aside={<Link href="/calls">{say("back")}</Link>}>
      <Card title={say("recording")}>
        {r.recording ? (
          <>
            <Waveform url={`/api/v1/calls/${encodeURIComponent(r.id)}/recording`} at={at} onGo={go} />
            <audio ref={audio} controls src={`/api/v1/calls/${encodeURIComponent(r.id)}/recording`} onTimeUpdate={(e) => setAt(e.currentTarget.currentTime)} aria-label={say("recording")} />
          </>
        ) : <p className="empty">{say("noRecording")}</p>}
      </Card>
      <div className="split open">
        <Card title={say("transcript")}>
          <ol className="transcript tall" tabIndex={0} aria-label={say("transcript")}>
            {turns.map((t, i) => <Said key={i} turn={t} full playing={at > 0 && at >= seconds(t.start) && at < seconds(t.end)} onGo={() => go(seconds(t.start))} />)}
          </ol>
        </Card>
        <div>
          <Facts record={r} />
          {r.actions?.length ? <Card title={say("actions")}><table><tbody>{r.actions.map((a) => (
            <tr key={a.id}><td className="num">{clock(a.at)}</td><td>{a.operation}<br /><small>{Object.entries(a.args ?? {}).map(([k, v]) => `${k}=${v}`).join(" ")}</small></td><td>{a.outcome}</td><td className="num">{(seconds(a.took) * 1000).toFixed(0)} ms</td></tr>))}</tbody></table></Card> : null}
          {r.guard?.length ? <Card title={say("guard")}><table><tbody>{r.guard.map((g, i) => (
            <tr key={i}><td className="num">{clock(g.at)}</td><td>{g.what}<br /><small>{g.rule}</small></td></tr>))}</tbody></table></Card> : null}
        </div>
      </div>
    </Page>
  );
}

function Facts({ record: r }: { record: Record }) {
  const { say } = useWords();
  const slots = Object.entries(r.slots ?? {});
  const rows: [string, string][] = [
    [say("outcome"), r.outcome], [say("flow"), (r.flows ?? []).join(", ") || "–"], [say("started"), new Date(r.started).toLocaleString()],
    [say("length"), between(r.started, r.ended)], [say("cause"), r.end_cause], [say("codec"), `${r.codec} (${r.transport})`], [say("callID"), r.call_id],
  ];
  return (
    <Card title={say("facts")}>
      <Line scores={(r.turns ?? []).filter((t) => t.side === "caller").map((t) => t.sentiment ?? 0)} />
      <dl className="facts">
        {rows.map(([k, v]) => <div key={k}><dt>{k}</dt><dd>{v}</dd></div>)}
        {slots.length ? <div><dt>{say("slots")}</dt><dd>{slots.map(([k, v]) => `${k}: ${v}`).join(", ")}</dd></div> : null}
      </dl>
    </Card>
  );
}

/** Waveform draws both channels: the caller above, the attendant below. */
function Waveform({ url, at, onGo }: { url: string; at: number; onGo: (t: number) => void }) {
  const { say } = useWords();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [sound, setSound] = useState<AudioBuffer>();
  const [lost, setLost] = useState(false); // it cannot be decoded here; the player may still play it
  useEffect(() => {
    const stop = new AbortController();
    const context = new AudioContext();
    fetch(url, { signal: stop.signal }).then((r) => r.arrayBuffer()).then((b) => context.decodeAudioData(b)).then(setSound, () => setLost(true)).finally(() => context.close());
    return () => stop.abort();
  }, [url]);
  useEffect(() => { if (canvas.current && sound) draw(canvas.current, sound, at); }, [sound, at]);
  return (
    <canvas ref={canvas} className="waveform" hidden={lost} aria-busy={!sound && !lost} width={1200} height={120} role="img" aria-label={say("waveform")}
      onClick={(e) => { if (sound) onGo((sound.duration * e.nativeEvent.offsetX) / e.currentTarget.clientWidth); }} />
  );
}

function draw(canvas: HTMLCanvasElement, sound: AudioBuffer, at: number) {
  const g = canvas.getContext("2d");
  if (!g) return;
  const { width, height } = canvas;
  const style = getComputedStyle(canvas);
  g.clearRect(0, 0, width, height);
  const lane = height / sound.numberOfChannels;
  for (let channel = 0; channel < sound.numberOfChannels; channel++) {
    const samples = sound.getChannelData(channel);
    const step = Math.max(1, Math.floor(samples.length / width));
    g.fillStyle = style.getPropertyValue(channel === 0 ? "--caller" : "--us");
    for (let x = 0; x < width; x++) {
      let peak = 0;
      for (let i = x * step; i < (x + 1) * step; i += 8) peak = Math.max(peak, Math.abs(samples[i] ?? 0));
      const h = Math.max(1, peak * lane);
      g.fillRect(x, lane * channel + (lane - h) / 2, 1, h);
    }
  }
  g.fillStyle = style.getPropertyValue("--accent");
  g.fillRect((width * at) / sound.duration, 0, 2, height);
}
