// Analytics: what came of calls, each figure with its formula and its calls.
import { useState } from "react";
import { Link } from "wouter";
import { api, ask, useAsked } from "./api";
import { Card, Fault, Page } from "./parts";
import { useWords, type Key } from "./words";

const spans: [Key, number][] = [["today", 1], ["week", 7], ["month", 30]];

export function Analytics() {
  const { say } = useWords();
  const [days, setDays] = useState(1);
  const { data, error } = useAsked(() => ask(api.GET("/api/v1/analytics", { params: { query: { from: new Date(Date.now() - days * 86_400_000).toISOString() } } })), [days]);
  const outcomes = Object.entries(data?.outcomes ?? {}).sort((a, b) => b[1] - a[1]);
  const most = Math.max(1, ...outcomes.map(([, n]) => n));
  return (
    <Page title={say("analytics")} aside={<div role="group" aria-label={say("analytics")}>{spans.map(([k, n]) => <button key={k} aria-pressed={n === days} onClick={() => setDays(n)}>{say(k)}</button>)}</div>}>
      <Fault error={error} />
      <div className="cards">
        {(data?.figures ?? []).map((f) => (
          <section key={f.name} className="card figure" aria-label={say(f.name as Key)}>
            <h2>{say(f.name as Key)}</h2>
            <p className="big">{f.unit === "share" ? (f.of ? `${(100 * f.value).toFixed(1)} %` : "–") : f.unit === "score" ? f.value.toFixed(2) : f.value}</p>
            <p><small>{say("of", { part: Math.round(f.part * 100) / 100, of: f.of })}</small></p>
            <details><summary>{say("formula")}</summary><p>{f.formula}</p></details>
            <p>{(f.outcomes ?? []).map((o) => <Link key={o} href={"/calls/by/" + o} className="chip">{o}</Link>)}</p>
          </section>
        ))}
      </div>
      <Card title={say("outcome")}>
        <table><tbody>{outcomes.map(([name, n]) => (
          <tr key={name}><td><Link href={"/calls/by/" + name}>{name}</Link></td><td className="num">{n}</td><td className="bars"><span className="bar" style={{ width: `${(100 * n) / most}%` }} /></td></tr>))}</tbody></table>
        {data && outcomes.length === 0 ? <p className="empty">{say("none")}</p> : null}
      </Card>
    </Page>
  );
}
