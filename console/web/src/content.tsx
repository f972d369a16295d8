// Knowledge and flows: as calls use them now, and edited for the next one.
import { useEffect, useMemo, useRef, useState } from "react";
import { Link, useLocation } from "wouter";
import { api, ask, once, useAsked, type Schema } from "./api";
import { Caller } from "./caller";
import { Editing, Fields, History, read, Rows, type Field, type Thing } from "./form";
import { Talk } from "./talk";
import { Card, Fault, Page } from "./parts";
import { useWords } from "./words";

type Kind = "flows" | "articles" | "company";
type Faulty = Schema["FileFault"];

const useFile = (kind: Kind, name: string, fresh: boolean) => {
  const file = useAsked(async () => (fresh ? undefined : ask(api.GET("/api/v1/files/{kind}/{name}", { params: { path: { kind, name } } }))), [kind, name]);
  const past = useAsked(async () => (fresh ? undefined : ask(api.GET("/api/v1/files/{kind}/{name}/history", { params: { path: { kind, name } } }))), [kind, name, file.data]);
  return { file, past };
};

/** store writes a file of the version that it was read as. */
const store = (kind: Kind, name: string, text: string, version?: number) => ask(api.PUT("/api/v1/files/{kind}/{name}", {
  params: { path: { kind, name }, header: version ? { "If-Match": `"${version}"` } : { "If-None-Match": "*" } }, body: { text }, headers: once() }));

const drop = (kind: Kind, name: string, version: number) => ask(api.DELETE("/api/v1/files/{kind}/{name}", { params: { path: { kind, name }, header: { "If-Match": `"${version}"` } }, headers: once() }));

export function Knowledge({ permissions }: { permissions: string[] }) {
  const { say } = useWords();
  const [query, setQuery] = useState("");
  const { data, error } = useAsked(() => ask(api.GET("/api/v1/articles")));
  const list = (data?.items ?? []).filter((a) => (a.title + a.id).toLowerCase().includes(query.toLowerCase()));
  return (
    <Page title={say("knowledge")} aside={<><label>{say("search")} <input type="search" value={query} onChange={(e) => setQuery(e.target.value)} /></label>
      {permissions.includes("content.write") ? <Link className="button" href="/knowledge/new">{say("addArticle")}</Link> : null}</>}>
      <Fault error={error} />
      <section className="card" aria-label={say("knowledge")}>
        <Rows label={say("knowledge")} items={list} empty={data ? <p className="empty">{say("none")}</p> : null}
          head={<tr><th>{say("title")}</th><th className="wide">{say("owner")}</th><th>{say("language")}</th><th>{say("reviewBy")}</th><th className="wide">{say("version")}</th></tr>}
          row={(a) => (
            <tr key={a.id}>
              <td><Link href={"/knowledge/" + a.id}>{a.title}</Link></td><td className="wide">{a.owner}</td><td>{a.language || "en"}</td>
              <td>{a.review_by} {a.stale ? <span className="badge bad">{say("staleArticle")}</span> : null}</td><td className="wide">{a.version}</td>
            </tr>)} />
      </section>
      <Unanswered write={permissions.includes("content.write")} />
    </Page>
  );
}

function Unanswered({ write }: { write: boolean }) {
  const { say } = useWords();
  const { data, error } = useAsked(() => ask(api.GET("/api/v1/unanswered")));
  return (
    <Card title={say("unanswered")}>
      <Fault error={error} />
      <table><tbody>{(data?.items ?? []).slice(0, 50).map((q) => (
        <tr key={q.text}><td>{q.text}</td><td className="num">{say("times", { n: q.times })}</td><td><Link href={"/calls/" + q.call}>{new Date(q.last).toLocaleString()}</Link></td>
          <td>{write ? <Link href={"/knowledge/new?question=" + encodeURIComponent(q.text)}>{say("answerIt")}</Link> : null}</td></tr>))}</tbody></table>
      {data && !data.items?.length ? <p className="empty">{say("none")}</p> : null}
    </Card>
  );
}

const articleFields = (fresh: boolean): Field[] => [
  ...(fresh ? [{ name: "id", label: "f_id", hint: "h_id", required: true } as Field] : []),
  { name: "title", label: "title", required: true }, { name: "answer", label: "answer", kind: "area" }, { name: "examples", label: "examples", kind: "area", hint: "h_examples" },
  { name: "link", label: "link" }, { name: "owner", label: "owner" }, { name: "review_by", label: "reviewBy", hint: "h_review", required: true }, { name: "language", label: "language", kind: "choice", options: ["en-US", "zh-CN"] },
  { name: "version", label: "version", required: true }, { name: "text", label: "text", kind: "area" },
];

/** markdown is an article as its file; JSON's strings are YAML's. */
function markdown(a: Thing): string {
  const lines = (t: unknown) => String(t ?? "").split("\n").map((l) => l.trim()).filter(Boolean);
  const head = ["title", "answer", "link", "owner", "review_by", "language", "version"].filter((k) => a[k]).map((k) => `${k}: ${JSON.stringify(String(a[k]).replace(/\s+/g, " "))}`);
  return ["---", ...head, "examples:", ...lines(a["examples"]).map((e) => "  - " + JSON.stringify(e)), "---", String(a["text"] ?? ""), ""].join("\n");
}

export function Article({ id, permissions }: { id: string; permissions: string[] }) {
  const { say } = useWords();
  const [, go] = useLocation();
  const fresh = id === "new";
  const { file, past } = useFile("articles", id, fresh);
  const article = useAsked(async () => (fresh ? undefined : ask(api.GET("/api/v1/articles/{name}", { params: { path: { name: id } } }))), [id, file.data]);
  const [draft, setDraft] = useState<{ name: string; text: string; answer: string }>();
  const a = article.data;
  const asked = new URLSearchParams(location.hash.split("?")[1] ?? "").get("question") ?? "";
  const nextYear = new Date(Date.now() + 365 * 86_400_000).toISOString().slice(0, 10);
  const of: Thing = fresh ? { examples: asked, review_by: nextYear, version: "1" } : { ...a, examples: (a?.examples ?? []).join("\n") };
  const fields = articleFields(fresh);
  const write = permissions.includes("content.write");
  if (!fresh && (!a || !file.data)) return <Page title={say("knowledge")}><Fault error={article.error ?? file.error} /></Page>;
  const changed = (form: HTMLFormElement) => { const t = read(form, fields); setDraft({ name: fresh ? String(t["id"] ?? "draft") : id, text: markdown(t), answer: String(t["answer"] ?? "") }); };
  const save = async (form: HTMLFormElement) => {
    const t = read(form, fields), name = fresh ? String(t["id"]) : id;
    await store("articles", name, markdown(t), file.data?.version);
    if (fresh) go("/knowledge/" + name); else file.again();
  };
  const remove = () => { if (file.data && confirm(say("sure", { name: id }))) void drop("articles", id, file.data.version).then(() => go("/knowledge")); };
  return (
    <Page title={a?.title ?? say("addArticle")} aside={<Link href="/knowledge">{say("knowledge")}</Link>}>
      <div className="split open">
        <div>
          {write ? (
            <div onChange={(e) => { const form = (e.target as HTMLElement).closest("form"); if (form) changed(form); }}>
              <Editing key={file.data?.version ?? 0} onSave={save} onReload={file.again} more={fresh ? null : <button type="button" onClick={remove}>{say("remove")}</button>}>
                <Fields title="edit" fields={fields} of={of} />
              </Editing>
            </div>) : <Card title={say("examples")}><ul>{(a?.examples ?? []).map((e) => <li key={e}>{e}</li>)}</ul></Card>}
          {fresh ? null : <Card title={say("history")}><History versions={past.data?.items ?? []}>{(v) => <pre>{v.text}</pre>}</History></Card>}
        </div>
        <div>
          <Card title={say("preview")}>
            <p className="quote">{draft?.answer || a?.answer || "…"}</p>
            {a ? <p><small>{[a.id, say("version") + " " + a.version, say("reviewBy") + " " + a.review_by, a.owner].filter(Boolean).join(" · ")} {a.stale ? <span className="badge bad">{say("staleArticle")}</span> : null}</small></p> : null}
            {a?.link ? <p>{say("link")}: <span className="mono">{a.link}</span></p> : null}
          </Card>
          {write ? <Talk changes={draft ? [{ path: `articles/${draft.name}.md`, text: draft.text }] : []} /> : null}
          <Card title={say("callIt")}><Caller to="support" /></Card>
        </div>
      </div>
    </Page>
  );
}

export function Flows({ permissions }: { permissions: string[] }) {
  const { say, language } = useWords();
  const { data, error } = useAsked(() => ask(api.GET("/api/v1/flows")));
  return (
    <Page title={say("flows")} aside={permissions.includes("content.write") ? <><Link className="button" href="/flows/new">{say("addFlow")}</Link> <Link className="button" href="/company">company.yaml</Link></> : null}>
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

const skeleton = (name: string) => `flow: ${name}
title: your question
examples: [i have a question]
steps:
  - id: say
    say: I can help with that.
    next: done
`;

/** Flow edits a flow, or company.yaml, as text; what is wrong is marked at its line while one types. */
export function Flow({ name: opened, kind = "flows", permissions }: { name: string; kind?: Kind; permissions: string[] }) {
  const { say } = useWords();
  const [, go] = useLocation();
  const fresh = opened === "new" && kind === "flows";
  const { file, past } = useFile(kind, opened, fresh);
  const [chosen, setChosen] = useState("my_flow");
  const name = fresh ? chosen : opened;
  const [text, setText] = useState<string>();
  const [faults, setFaults] = useState<Faulty[]>([]);
  const path = kind === "flows" ? `flows/${name}.yaml` : `${name}.yaml`;
  const now = text ?? (fresh ? skeleton(name) : file.data?.text ?? "");
  const write = permissions.includes("content.write");
  useEffect(() => { setText(undefined); setFaults([]); }, [file.data]);
  useEffect(() => {
    if (text === undefined) return;
    let gone = false;
    const t = setTimeout(() => { void ask(api.POST("/api/v1/check", { body: { changes: [{ path, text }] } })).then((r) => { if (!gone) setFaults(r.faults ?? []); }, () => {}); }, 600);
    return () => { gone = true; clearTimeout(t); };
  }, [text, path]);
  const changes = useMemo(() => (text === undefined ? [] : [{ path, text }]), [text, path]);
  if (!fresh && !file.data) return <Page title={opened}><Fault error={file.error} /></Page>;
  const save = async () => {
    await store(kind, name, now, file.data?.version);
    if (fresh) go("/flows/" + name); else file.again();
  };
  const remove = () => { if (file.data && confirm(say("sure", { name }))) void drop(kind, name, file.data.version).then(() => go("/flows")); };
  return (
    <Page title={kind === "company" ? "company.yaml" : fresh ? say("addFlow") : name} aside={<Link href="/flows">{say("flows")}</Link>}>
      <div className="split open">
        <div>
          {write ? (
            <Editing key={file.data?.version ?? 0} onSave={save} onReload={file.again} more={fresh || kind === "company" ? null : <button type="button" onClick={remove}>{say("remove")}</button>}>
              {fresh ? <label className="whole">{say("name")} <input value={chosen} onChange={(e) => setChosen(e.target.value)} pattern="[A-Za-z0-9][A-Za-z0-9_\-]*" required /></label> : null}
              <Code text={now} faults={faults.filter((f) => f.path === path)} onChange={setText} />
              <ul className="faults" role="status" aria-label={say("fault")}>{faults.map((f, i) => <li key={i} className="fault">{f.path ? `${f.path}${f.line ? `:${f.line}` : ""}: ` : ""}{f.text}</li>)}</ul>
              {text !== undefined && faults.length === 0 ? <p><small>{say("noFaults")}</small></p> : null}
            </Editing>) : <Card title={say("text")}><pre>{now}</pre></Card>}
          {fresh ? null : <Card title={say("history")}><History versions={past.data?.items ?? []}>{(v) => <>{write && !v.removed ? <p><button onClick={() => setText(v.text)}>{say("takeVersion")}</button></p> : null}<pre>{v.text}</pre></>}</History></Card>}
        </div>
        <div>
          {write ? <Talk changes={changes} /> : null}
          <Card title={say("callIt")}><Caller to="support" /></Card>
        </div>
      </div>
    </Page>
  );
}

/** Code is a text with the numbers of its lines, those with faults marked. */
function Code({ text, faults, onChange }: { text: string; faults: Faulty[]; onChange: (t: string) => void }) {
  const { say } = useWords();
  const gutter = useRef<HTMLPreElement>(null);
  const lines = text.split("\n").length;
  const bad = new Map(faults.map((f) => [f.line ?? 0, f.text]));
  return (
    <div className="code">
      <pre ref={gutter} aria-hidden="true">{Array.from({ length: lines }, (_, i) => <span key={i} className={bad.has(i + 1) ? "bad" : ""} title={bad.get(i + 1)}>{i + 1}{"\n"}</span>)}</pre>
      <textarea aria-label={say("text")} className="mono" spellCheck={false} wrap="off" rows={Math.min(32, Math.max(12, lines + 1))} value={text} onChange={(e) => onChange(e.target.value)}
        onScroll={(e) => { if (gutter.current) gutter.current.scrollTop = e.currentTarget.scrollTop; }} />
    </div>
  );
}
