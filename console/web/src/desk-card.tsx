// The caller's card, what was promised, and articles that may help.
import { useMemo } from "react";
import { Link } from "wouter";
import { api, ask, useAsked, type Schema, type Turn } from "./api";
import { Card } from "./parts";
import { useWords, type Key } from "./words";

const plain = (name: string) => name.replaceAll("_", " ");

export function Brief({ brief, hand }: { brief?: Schema["Briefing"]; hand?: Schema["HandOver"] }) {
  const { say } = useWords();
  if (!brief) return null;
  const sure = brief.level === "verified" || brief.level === "human";
  const facts: [string, string | undefined][] = [
    [say("number"), brief.number], [say("customer"), brief.customer], [say("wanted"), brief.wanted], [say("tried"), brief.tried?.join("; ")],
    [say("reason"), hand?.reason], [say("mood"), brief.mood ? say(brief.mood as Key) : ""],
  ];
  const slots = Object.entries(brief.slots ?? {});
  return (
    <>
      <Card title={say("callerCard")}>
        <p className="quote">{brief.name || brief.number || say("unknownCaller")} <span className={sure ? "badge good" : "badge"}>{say("identity")}: {say(sure ? "verified" : "notVerified")}</span></p>
        <dl className="facts">{facts.filter(([, v]) => v).map(([k, v]) => <div key={k}><dt>{k}</dt><dd>{v}</dd></div>)}</dl>
        {slots.length ? <><h2>{say("told")}</h2><dl className="facts">{slots.map(([k, v]) => <div key={k}><dt>{plain(k)}</dt><dd>{v}</dd></div>)}</dl></> : null}
      </Card>
      <Card title={say("promises")}>
        {brief.promised?.length ? <ul className="promises">{brief.promised.map((p, i) => <li key={i}>{p.text}<br /><small>{say("sources")} {[...new Set(p.sources ?? [])].join(", ")}</small></li>)}</ul> : <p className="empty">{say("noPromises")}</p>}
      </Card>
    </>
  );
}

/** Suggested are articles for the caller's last words, asked for anew with each turn. */
export function Suggested({ turns, wanted }: { turns: Turn[]; wanted: string }) {
  const { say } = useWords();
  const text = useMemo(() => [wanted, ...turns.filter((t) => t.side === "caller" && !t.keys).slice(-2).map((t) => t.text)].filter(Boolean).join(". ").slice(0, 900), [turns, wanted]);
  const { data } = useAsked(() => (text ? ask(api.GET("/api/v1/desk/articles", { params: { query: { text } } })) : Promise.resolve(undefined)), [text]);
  const list = data?.items ?? [];
  return (
    <Card title={say("articles")}>
      {list.length ? <ul className="promises">{list.map((a) => <li key={a.id}><Link href={"/knowledge/" + a.id}>{a.title}</Link><br /><small>{a.answer}</small></li>)}</ul> : <p className="empty">{say("noArticles")}</p>}
    </Card>
  );
}
