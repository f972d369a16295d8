// Numbers: what calls to them do, the trunks that they come over, and a call to try them.
import { useEffect, useRef, useState, type FormEvent } from "react";
import { Link, useLocation } from "wouter";
import { api, ask, once, Problem, useAsked, type Schema } from "./api";
import { Caller } from "./caller";
import { Editing, Fields, History, read, Rows, type Field, type Thing } from "./form";
import { Card, Fault, Page } from "./parts";
import { useWords, type Key } from "./words";

type Rule = Schema["NumberRule"];
type Numbered = Schema["EntryNumberRule"];

export function Numbers({ permissions }: { permissions: string[] }) {
  const { say } = useWords();
  const write = permissions.includes("telephony.write");
  return (
    <Page title={say("numbers")} aside={<nav className="tabs" aria-label={say("numbers")}>
      {write ? <><Link href="/numbers/number/new">{say("addNumber")}</Link><Link href="/numbers/trunk/new">{say("addTrunk")}</Link><Link href="/numbers/import">{say("importCSV")}</Link></> : null}
    </nav>}>
      <NumberList />
      <TrunkList />
      {write ? <TestCall /> : null}
    </Page>
  );
}

/** useEntries reads all entries of a kind, a page at a time, as they are wanted. */
function useEntries<T extends { name: string }>(page: (before?: string) => Promise<{ items: T[] | null; next?: string }>, on: readonly unknown[]) {
  const [items, setItems] = useState<T[]>([]);
  const next = useRef<string | undefined>(undefined);
  const asking = useRef(false);
  const first = useAsked(() => page(), on);
  useEffect(() => { setItems(first.data?.items ?? []); next.current = first.data?.next; }, [first.data]);
  const more = () => {
    if (!next.current || asking.current) return;
    asking.current = true;
    page(next.current).then((p) => { next.current = p.next; setItems((old) => [...old, ...(p.items ?? [])]); }, () => {}).finally(() => { asking.current = false; });
  };
  return { items, more, error: first.error, loaded: first.data !== undefined };
}

function NumberList() {
  const { say } = useWords();
  const [search, setSearch] = useState("");
  const { items, more, error, loaded } = useEntries<Numbered>((before) => ask(api.GET("/api/v1/provision/numbers", { params: { query: { before, search: search || undefined, limit: 200 } } })), [search]);
  return (
    <Card title={say("numbers")}>
      <Fault error={error} />
      <p className="bar"><label>{say("search")} <input type="search" value={search} onChange={(e) => setSearch(e.target.value)} /></label> <a href="/api/v1/export/numbers" download="numbers.csv">{say("exportCSV")}</a></p>
      <Rows label={say("numbers")} items={items} onEnd={more} empty={loaded ? <p className="empty">{say("none")}</p> : null}
        head={<tr><th>{say("number")}</th><th>{say("name")}</th><th>{say("flow")}</th><th className="wide">{say("f_language")}</th><th className="wide">{say("hoursTitle")}</th></tr>}
        row={(e) => (
          <tr key={e.name}>
            <td><Link href={"/numbers/number/" + encodeURIComponent(e.name)}>{e.name === "*" ? say("anyNumber") : e.name}</Link></td>
            <td>{e.value.name}</td><td>{e.value.flow || say("greetingOnly")}</td><td className="wide">{e.value.language}</td><td className="wide">{e.value.hours?.weekly || say("always")}</td>
          </tr>)} />
    </Card>
  );
}

function TrunkList() {
  const { say } = useWords();
  const set = useAsked(() => ask(api.GET("/api/v1/provision/trunks", { params: { query: { limit: 1000 } } })));
  const states = useStates();
  return (
    <Card title={say("trunks")}>
      <Fault error={set.error} />
      <p className="bar"><a href="/api/v1/export/trunks" download="trunks.csv">{say("exportCSV")}</a></p>
      <table>
        <thead><tr><th>{say("name")}</th><th className="wide">{say("f_host")}</th><th>{say("state")}</th><th>{say("callsNow")}</th><th className="wide">{say("inOutFailed")}</th></tr></thead>
        <tbody>{(set.data?.items ?? []).map((e) => {
          const s = states.find((t) => t.name === e.name);
          return (
            <tr key={e.name}>
              <td><Link href={"/numbers/trunk/" + encodeURIComponent(e.name)}>{e.name}</Link></td><td className="wide">{e.value.host || (e.value.allow ?? []).join(" ")}</td>
              <td><Standing disabled={e.value.disabled} state={s} /></td><td className="num">{s?.active ?? 0}</td><td className="num wide">{s ? `${s.incoming} / ${s.outgoing} / ${s.failed}` : ""}</td>
            </tr>);
        })}</tbody>
      </table>
      {set.data && !set.data.items?.length ? <p className="empty">{say("none")}</p> : null}
    </Card>
  );
}

/** useStates follows how it stands with the trunks. */
function useStates(): Schema["Trunk"][] {
  const [states, setStates] = useState<Schema["Trunk"][]>([]);
  useEffect(() => {
    let gone = false;
    const look = () => ask(api.GET("/api/v1/trunks")).then((p) => { if (!gone) setStates(p.items ?? []); }, () => {});
    void look();
    const t = setInterval(look, 2000);
    return () => { gone = true; clearInterval(t); };
  }, []);
  return states;
}

function Standing({ disabled, state: s }: { disabled?: boolean; state?: Schema["Trunk"] }) {
  const { say } = useWords();
  if (disabled || !s) return <span className="badge">{say(disabled ? "disabledState" : "unknownState")}</span>;
  const known = s.registered || s.reachable;
  return <><span className={s.good ? "badge good" : "badge bad"}>{say(!s.good ? "down" : known ? "up" : "unknownState")}</span> <small>{[s.registered, s.reachable].filter(Boolean).join("; ")}</small></>;
}

const numberFields = (flows: string[], exists: boolean): { title: Key; fields: Field[] }[] => [
  { title: "ruleFor", fields: [
    { name: "number", label: "f_number", hint: "h_number", required: true, readOnly: exists }, { name: "name", label: "f_name" }, { name: "flow", label: "f_flow", kind: "choice", options: flows },
    { name: "language", label: "f_language", kind: "choice", options: ["en-US", "zh-CN"] }, { name: "queue", label: "f_queue" }, { name: "human", label: "f_human" }] },
  { title: "hoursTitle", fields: [
    { name: "hours.weekly", label: "f_weekly", hint: "h_weekly" }, { name: "hours.zone", label: "f_zone", list: "zones" }, { name: "hours.holidays", label: "f_holidays", kind: "list", hint: "h_holidays" }] },
  { title: "fallbackTitle", fields: [
    { name: "fallback.message", label: "f_message", kind: "area" }, { name: "fallback.flow", label: "f_fallbackFlow", kind: "choice", options: flows }, { name: "fallback.human", label: "f_fallbackHuman" }] },
];

export function NumberPage({ name }: { name: string }) {
  const { say } = useWords();
  const [, go] = useLocation();
  const fresh = name === "new";
  const flows = useAsked(() => ask(api.GET("/api/v1/flows")));
  const entry = useAsked(async () => (fresh ? undefined : ask(api.GET("/api/v1/provision/numbers/{name}", { params: { path: { name } } }))), [name]);
  const past = useAsked(async () => (fresh ? undefined : ask(api.GET("/api/v1/provision/numbers/{name}/history", { params: { path: { name } } }))), [name, entry.data]);
  const [error, setError] = useState<Problem>();
  const groups = numberFields((flows.data?.items ?? []).map((f) => f.name), !fresh);
  const save = async (form: HTMLFormElement) => {
    const body = read(form, groups.flatMap((g) => g.fields)) as Rule;
    if (fresh) {
      const added = await ask(api.POST("/api/v1/provision/numbers", { body, headers: once() }));
      go("/numbers/number/" + encodeURIComponent(added.name));
      return;
    }
    await ask(api.PUT("/api/v1/provision/numbers/{name}", { params: { path: { name }, header: { "If-Match": `"${entry.data?.version}"` } }, body, headers: once() }));
    entry.again();
  };
  const remove = () => {
    if (confirm(say("sure", { name }))) ask(api.DELETE("/api/v1/provision/numbers/{name}", { params: { path: { name }, header: { "If-Match": `"${entry.data?.version}"` } }, headers: once() })).then(() => go("/numbers"), setError);
  };
  if (!flows.data || (!fresh && !entry.data)) return <Page title={say("numbers")}><Fault error={flows.error ?? entry.error} /></Page>;
  return (
    <Page title={fresh ? say("addNumber") : entry.data?.name === "*" ? say("anyNumber") : entry.data!.name} aside={<Link href="/numbers">{say("numbers")}</Link>}>
      <Fault error={error} />
      <datalist id="zones">{Intl.supportedValuesOf("timeZone").map((z) => <option key={z} value={z} />)}</datalist>
      <Editing key={entry.data?.version ?? 0} onSave={save} onReload={entry.again} more={fresh ? null : <button type="button" onClick={remove}>{say("remove")}</button>}>
        {groups.map((g) => <Fields key={g.title} title={g.title} fields={g.fields} of={(entry.data?.value ?? {}) as Thing} />)}
      </Editing>
      {fresh ? null : <div className="split"><Card title={say("history")}><History versions={past.data?.items ?? []}>{(v) => <pre>{JSON.stringify(v.value, null, 2)}</pre>}</History></Card>
        {name === "*" ? null : <Card title={say("testCall")}><p><small>{say("callFromPage")}</small></p><Caller to={name} /></Card>}</div>}
    </Page>
  );
}

const trunkFields = (presets: string[], exists: boolean, secret: boolean): { title: Key; fields: Field[] }[] => [
  { title: "connection", fields: [
    { name: "name", label: "name", required: true, readOnly: exists }, { name: "preset", label: "f_preset", kind: "choice", options: presets }, { name: "about", label: "f_about" }, { name: "host", label: "f_host" },
    { name: "transport", label: "f_transport", kind: "choice", options: ["udp", "tcp", "tls"] }, { name: "proxy", label: "f_proxy" }, { name: "options_seconds", label: "f_options_seconds", kind: "number" },
    { name: "priority", label: "f_priority", kind: "number" }, { name: "disabled", label: "f_disabled", kind: "bool" }] },
  { title: "registration", fields: [
    { name: "register", label: "f_register", kind: "bool" }, { name: "user", label: "f_user" }, { name: "auth_user", label: "f_auth_user" }, { name: "password", label: "f_password", kind: "secret", hint: secret ? "h_secretKept" : "h_password" },
    { name: "registrars", label: "f_registrars", kind: "list" }, { name: "domain", label: "f_domain" }, { name: "register_seconds", label: "f_register_seconds", kind: "number" }] },
  { title: "security", fields: [
    { name: "allow", label: "f_allow", kind: "list", hint: "h_allow" }, { name: "certificate", label: "f_certificate" }, { name: "srtp", label: "f_srtp", kind: "choice", options: ["off", "preferred", "required"] }, { name: "trusted", label: "f_trusted", kind: "bool" }] },
  { title: "media", fields: [{ name: "codecs", label: "f_codecs", kind: "list", hint: "h_codecs" }, { name: "dtmf", label: "f_dtmf", kind: "choice", options: ["rfc4733", "info", "inband"] }] },
  { title: "callerTitle", fields: [
    { name: "caller_id", label: "f_caller_id" }, { name: "from", label: "f_from", kind: "choice", options: ["number", "user"] }, { name: "identity", label: "f_identity", kind: "choice", options: ["pai", "ppi", "rpid", "none"] },
    { name: "region", label: "f_region" }, { name: "send", label: "f_send", kind: "choice", options: ["e164", "digits", "national", "raw"] }, { name: "dial", label: "f_dial", kind: "list" }] },
  { title: "outboundTitle", fields: [{ name: "outbound", label: "f_outbound", kind: "list", hint: "h_outbound" }, { name: "deny", label: "f_deny", kind: "list" }] },
  { title: "caps", fields: [
    { name: "max_calls", label: "f_max_calls", kind: "number" }, { name: "calls_per_second", label: "f_calls_per_second", kind: "number" }, { name: "max_per_hour", label: "f_max_per_hour", kind: "number" }, { name: "max_per_day", label: "f_max_per_day", kind: "number" }] },
];

export function TrunkPage({ name }: { name: string }) {
  const { say } = useWords();
  const [, go] = useLocation();
  const fresh = name === "new";
  const presets = useAsked(() => ask(api.GET("/api/v1/presets/trunks")));
  const entry = useAsked(async () => (fresh ? undefined : ask(api.GET("/api/v1/provision/trunks/{name}", { params: { path: { name } } }))), [name]);
  const past = useAsked(async () => (fresh ? undefined : ask(api.GET("/api/v1/provision/trunks/{name}/history", { params: { path: { name } } }))), [name, entry.data]);
  const state = useStates().find((s) => s.name === name);
  const [error, setError] = useState<Problem>();
  const groups = trunkFields((presets.data?.items ?? []).map((p) => p.name), !fresh, entry.data?.secret ?? false);
  const save = async (form: HTMLFormElement) => {
    const body = read(form, groups.flatMap((g) => g.fields)) as Schema["TrunkSettings"];
    if (fresh) {
      const added = await ask(api.POST("/api/v1/provision/trunks", { body, headers: once() }));
      go("/numbers/trunk/" + encodeURIComponent(added.name));
      return;
    }
    await ask(api.PUT("/api/v1/provision/trunks/{name}", { params: { path: { name }, header: { "If-Match": `"${entry.data?.version}"` } }, body, headers: once() }));
    entry.again();
  };
  const remove = () => {
    if (confirm(say("sure", { name }))) ask(api.DELETE("/api/v1/provision/trunks/{name}", { params: { path: { name }, header: { "If-Match": `"${entry.data?.version}"` } }, headers: once() })).then(() => go("/numbers"), setError);
  };
  if (!presets.data || (!fresh && !entry.data)) return <Page title={say("trunks")}><Fault error={presets.error ?? entry.error} /></Page>;
  return (
    <Page title={fresh ? say("addTrunk") : name} aside={<><Link href="/numbers">{say("numbers")}</Link> {fresh ? null : <Standing disabled={entry.data?.value.disabled} state={state} />}</>}>
      <Fault error={error} />
      <Editing key={entry.data?.version ?? 0} onSave={save} onReload={entry.again} more={fresh ? null : <button type="button" onClick={remove}>{say("remove")}</button>}>
        {groups.map((g) => <Fields key={g.title} title={g.title} fields={g.fields} of={(entry.data?.value ?? {}) as Thing} />)}
        {fresh ? <details><summary>{say("f_preset")}</summary><dl className="facts">{(presets.data.items ?? []).map((p) => <div key={p.name}><dt>{p.name}</dt><dd>{p.about}</dd></div>)}</dl></details> : null}
      </Editing>
      {fresh ? null : <><LastCalls trunk={name} /><Card title={say("history")}><History versions={past.data?.items ?? []}>{(v) => <pre>{JSON.stringify(v.value, null, 2)}</pre>}</History></Card></>}
    </Page>
  );
}

function LastCalls({ trunk }: { trunk: string }) {
  const { say } = useWords();
  const { data, error } = useAsked(() => ask(api.GET("/api/v1/trunks/{name}/calls", { params: { path: { name: trunk } } })), [trunk]);
  return (
    <Card title={say("lastCalls")}>
      <Fault error={error} />
      <table>
        <thead><tr><th>{say("at")}</th><th>{say("kind")}</th><th>{say("fromTo")}</th><th>{say("why")}</th></tr></thead>
        <tbody>{(data?.items ?? []).map((c, i) => (
          <tr key={i}><td>{c.call ? <Link href={"/calls/" + c.call}>{new Date(c.at).toLocaleString()}</Link> : new Date(c.at).toLocaleString()}</td><td>{say(c.outgoing ? "outgoingWord" : "incoming")}</td><td>{c.number}</td><td>{c.why}</td></tr>))}
        </tbody>
      </table>
      {data && !data.items?.length ? <p className="empty">{say("none")}</p> : null}
    </Card>
  );
}

/** TestCall calls a telephone and shows how it goes. */
function TestCall() {
  const { say } = useWords();
  const [error, setError] = useState<Problem>();
  const { data, again } = useAsked(() => ask(api.GET("/api/v1/outgoing")));
  const numbers = useAsked(() => ask(api.GET("/api/v1/provision/numbers", { params: { query: { limit: 200 } } })));
  const list = data?.items ?? [];
  const going = list.some((c) => c.state === "dialling" || c.state === "talking");
  useEffect(() => {
    if (!going) return;
    const t = setInterval(again, 1000);
    return () => clearInterval(t);
  }, [going, again]);
  const call = (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault();
    const f = new FormData(e.currentTarget);
    ask(api.POST("/api/v1/outgoing", { body: { to: String(f.get("to")), as: String(f.get("as") || "") || undefined }, headers: once() })).then(() => { setError(undefined); again(); }, setError);
  };
  return (
    <Card title={say("testCall")}>
      <p><small>{say("callThisHelp")}</small></p>
      <form className="row" onSubmit={call} aria-label={say("callThis")}>
        <label>{say("toNumber")} <input name="to" type="tel" required maxLength={64} autoComplete="off" /></label>
        <label>{say("asNumber")} <select name="as"><option value="">{say("greetingOnly")}</option>{(numbers.data?.items ?? []).filter((n) => n.name !== "*").map((n) => <option key={n.name} value={n.name}>{n.name} {n.value.name}</option>)}</select></label>
        <button className="primary">{say("placeCall")}</button>
      </form>
      <Fault error={error} />
      {list.length ? <table aria-live="polite">
        <thead><tr><th>{say("at")}</th><th>{say("toNumber")}</th><th>{say("state")}</th><th>{say("why")}</th></tr></thead>
        <tbody>{list.slice(0, 10).map((c) => (
          <tr key={c.id}><td>{new Date(c.at).toLocaleTimeString()}</td><td>{c.to}</td><td>{say(`s_${c.state}` as Key)}</td><td>{c.why} {c.call && c.state === "ended" ? <Link href={"/calls/" + c.call}>{say("show")}</Link> : null}</td></tr>))}
        </tbody></table> : null}
    </Card>
  );
}

/** Import reads a table: first what it would do, then all of it. */
export function Import() {
  const { say } = useWords();
  const [kind, setKind] = useState<"numbers" | "trunks">("numbers");
  const [text, setText] = useState("");
  const [prune, setPrune] = useState(false);
  const [told, setTold] = useState<Schema["ImportOutputBody"]>();
  const [error, setError] = useState<Problem>();
  const send = (dry_run: boolean) => {
    const options = { params: { query: { dry_run, prune } }, body: text as never, bodySerializer: (b: unknown) => b as string, headers: { "Content-Type": "text/csv", ...once() } };
    const answer = kind === "numbers" ? ask(api.POST("/api/v1/import/numbers", options)) : ask(api.POST("/api/v1/import/trunks", options));
    answer.then((t) => { setTold(t); setError(undefined); }, (e) => { setTold(undefined); setError(e); });
  };
  const change = (t: string) => { setText(t); setTold(undefined); };
  const rows = [...(told?.rows ?? [])].sort((a, b) => faulty(b.fault) - faulty(a.fault));
  return (
    <Page title={say("importCSV")} aside={<Link href="/numbers">{say("numbers")}</Link>}>
      <section className="card">
        <div className="row">
          <label>{say("kind")} <select value={kind} onChange={(e) => { setKind(e.target.value as "numbers"); setTold(undefined); }}><option value="numbers">{say("numbers")}</option><option value="trunks">{say("trunks")}</option></select></label>
          <label>{say("csvFile")} <input type="file" accept=".csv,text/csv" onChange={(e) => { void e.target.files?.[0]?.text().then(change); }} /></label>
          <label className="check"><input type="checkbox" checked={prune} onChange={(e) => { setPrune(e.target.checked); setTold(undefined); }} /> {say("prune")}</label>
        </div>
        <label className="whole">CSV <textarea rows={8} className="mono" value={text} onChange={(e) => change(e.target.value)} placeholder={"number,name,flow\n030 1234567,Orders,order_status"} /></label>
        <p className="actions"><button onClick={() => send(true)} disabled={!text}>{say("dryRun")}</button> <button className="primary" onClick={() => send(false)} disabled={!text || !told || told.faults > 0 || told.applied}>{say("apply")}</button></p>
        <Fault error={error} />
        {told ? <p role="status" className={told.faults ? "fault" : ""}>{say("rowsFaults", { n: rows.length, faults: told.faults })} {say(told.applied ? "applied" : "dryTold")}</p> : null}
        {told ? <Rows label={say("importCSV")} items={rows} head={<tr><th>{say("line")}</th><th>{say("name")}</th><th>{say("doing")}</th><th>{say("fault")}</th></tr>}
          row={(r) => <tr key={`${r.line} ${r.name}`} className="free"><td className="num">{r.line}</td><td>{r.name}</td><td>{say(`a_${r.action}` as Key)}</td><td className="fault">{r.fault}</td></tr>} /> : null}
      </section>
    </Page>
  );
}

const faulty = (fault?: string) => (fault ? 1 : 0);
