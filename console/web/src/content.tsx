// Knowledge and flows, as the calls use them now.
import { useState } from "react";
import { Link } from "wouter";
import { api, ask, useAsked } from "./api";
import { Caller } from "./caller";
import { Card, Fault, Page } from "./parts";
import { useWords } from "./words";

export function Knowledge() {
  const { say } = useWords();
  const [query, setQuery] = useState("");
  const { data, error } = useAsked(() => ask(api.GET("/api/v1/articles")));
  const list = (data?.items ?? []).filter((a) => (a.title + a.id).toLowerCase().includes(query.toLowerCase()));
  return (
    <Page title={say("knowledge")} aside={<label>{say("search")} <input type="search" value={query} onChange={(e) => setQuery(e.target.value)} /></label>}>
      <Fault error={error} />
      <section className="card" aria-label={say("knowledge")}>
        <table>
          <thead><tr><th>{say("title")}</th><th className="wide">{say("owner")}</th><th>{say("language")}</th><th>{say("reviewBy")}</th><th className="wide">{say("version")}</th></tr></thead>
          <tbody>{list.map((a) => (
            <tr key={a.id}>
              <td><Link href={"/knowledge/" + a.id}>{a.title}</Link></td><td className="wide">{a.owner}</td><td>{a.language || "en"}</td>
              <td>{a.review_by} {a.stale ? <span className="badge bad">{say("staleArticle")}</span> : null}</td><td className="wide">{a.version}</td>
            </tr>))}
          </tbody>
        </table>
        {data && list.length === 0 ? <p className="empty">{say("none")}</p> : null}
      </section>
    </Page>
  );
}

export function Article({ id }: { id: string }) {
  const { say } = useWords();
  const { data: a, error } = useAsked(() => ask(api.GET("/api/v1/articles/{name}", { params: { path: { name: id } } })), [id]);
  if (!a) return <Page title={say("knowledge")}><Fault error={error} /></Page>;
  return (
    <Page title={a.title} aside={<Link href="/knowledge">{say("knowledge")}</Link>}>
      <Card title={say("answer")}>
        <p className="quote">{a.answer}</p>
        <p><small>{[a.id, say("version") + " " + a.version, say("reviewBy") + " " + a.review_by, a.owner].filter(Boolean).join(" · ")} {a.stale ? <span className="badge bad">{say("staleArticle")}</span> : null}</small></p>
        {a.link ? <p>{say("link")}: <span className="mono">{a.link}</span></p> : null}
      </Card>
      <Card title={say("examples")}><ul>{(a.examples ?? []).map((e) => <li key={e}>{e}</li>)}</ul></Card>
      {a.text ? <Card title={say("text")}><pre>{a.text}</pre></Card> : null}
    </Page>
  );
}

export function Flows() {
  const { say, language } = useWords();
  const { data, error } = useAsked(() => ask(api.GET("/api/v1/flows")));
  return (
    <Page title={say("flows")}>
      <Fault error={error} />
      <section className="card" aria-label={say("flows")}>
        <table>
          <thead><tr><th>{say("name")}</th><th className="wide">{say("title")}</th><th>{say("steps")}</th><th>{say("examples")}</th></tr></thead>
          <tbody>{(data?.items ?? []).map((f) => (
            <tr key={f.name}>
              <td><Link href={"/flows/" + f.name}>{f.name}</Link></td><td className="wide">{(f.title?.[language] ?? f.title?.["en"] ?? [])[0]}</td><td className="num">{f.steps}</td><td className="num">{f.examples}</td>
            </tr>))}
          </tbody>
        </table>
      </section>
    </Page>
  );
}

export function Flow({ name }: { name: string }) {
  const { say } = useWords();
  const { data, error } = useAsked(() => ask(api.GET("/api/v1/flows/{name}", { params: { path: { name } } })), [name]);
  return (
    <Page title={name} aside={<Link href="/flows">{say("flows")}</Link>}>
      <Fault error={error} />
      <div className="split open">
        <Card title={say("text")}><pre>{data?.text}</pre></Card>
        <Card title={say("talk")}><Caller to="support" /></Card>
      </div>
    </Page>
  );
}
