// Setup: users, keys, what was done, and whether the vendors answer.
import { useState, type FormEvent } from "react";
import { api, ask, once, Problem, useAsked, type Schema } from "./api";
import { Card, Fault, Page } from "./parts";
import { useWords } from "./words";

type Role = Schema["User"]["roles"] extends (infer R)[] | null ? R : never;
const roles = ["admin", "supervisor", "agent", "designer", "analyst"] as Role[];

export function Setup({ permissions }: { permissions: string[] }) {
  const { say } = useWords();
  const may = (p: string) => permissions.includes(p);
  return (
    <Page title={say("setup")}>
      {may("users.manage") ? <Users /> : null}
      {may("keys.manage") ? <Keys permissions={permissions} /> : null}
      {may("health.read") ? <Vendors /> : null}
      {may("audit.read") ? <Audit /> : null}
    </Page>
  );
}

/** useDone does something and tells why it did not work. */
function useDone(then: () => void) {
  const [error, setError] = useState<Problem>();
  const run = (what: () => Promise<unknown>) => what().then(() => { setError(undefined); then(); }, (e) => setError(e instanceof Problem ? e : new Problem(0, String(e))));
  return { error, run };
}

function Users() {
  const { say } = useWords();
  const users = useAsked(() => ask(api.GET("/api/v1/users")));
  const { error, run } = useDone(users.again);
  const add = (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault();
    const form = e.currentTarget, f = new FormData(form);
    const body = { name: String(f.get("name")), display: String(f.get("display") || "") || undefined, roles: f.getAll("roles").map(String) as Role[], password: String(f.get("password")) };
    void run(async () => { await ask(api.POST("/api/v1/users", { body, headers: once() })); form.reset(); });
  };
  return (
    <Card title={say("users")}>
      <Fault error={users.error ?? error} />
      <table>
        <thead><tr><th>{say("name")}</th><th className="wide">{say("display")}</th><th>{say("roles")}</th><th /></tr></thead>
        <tbody>{(users.data?.items ?? []).map((u) => (
          <tr key={u.name}>
            <td>{u.name} {u.disabled ? <span className="badge">{say("disabled")}</span> : null}</td><td className="wide">{u.display}</td><td>{(u.roles ?? []).join(", ")}</td>
            <td><button onClick={() => { if (confirm(say("sure", { name: u.name }))) void run(() => ask(api.DELETE("/api/v1/users/{name}", { params: { path: { name: u.name } }, headers: once() }))); }}>{say("remove")}</button></td>
          </tr>))}
        </tbody>
      </table>
      <form className="row" onSubmit={add}>
        <label>{say("name")} <input name="name" required pattern="[a-z0-9][a-z0-9._@\-]*" maxLength={64} autoComplete="off" /></label>
        <label>{say("display")} <input name="display" maxLength={200} autoComplete="off" /></label>
        <label>{say("password")} <input name="password" type="password" required minLength={10} maxLength={256} autoComplete="new-password" /></label>
        <fieldset><legend>{say("roles")}</legend>{roles.map((r) => <label key={r}><input type="checkbox" name="roles" value={r} /> {r}</label>)}</fieldset>
        <button>{say("add")}</button>
      </form>
    </Card>
  );
}

function Keys({ permissions }: { permissions: string[] }) {
  const { say } = useWords();
  const keys = useAsked(() => ask(api.GET("/api/v1/keys")));
  const { error, run } = useDone(keys.again);
  const [secret, setSecret] = useState("");
  const add = (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault();
    const form = e.currentTarget, f = new FormData(form);
    const body = { name: String(f.get("key")), scopes: f.getAll("scopes").map(String) as Schema["KeyInputBody"]["scopes"], days: 365 };
    void run(async () => { setSecret((await ask(api.POST("/api/v1/keys", { body, headers: once() }))).secret); form.reset(); });
  };
  return (
    <Card title={say("keys")}>
      <Fault error={keys.error ?? error} />
      {secret ? <p role="status">{say("newKey")} <code className="secret">{secret}</code></p> : null}
      <table>
        <thead><tr><th>{say("name")}</th><th>{say("scopes")}</th><th className="wide">{say("expires")}</th><th /></tr></thead>
        <tbody>{(keys.data?.items ?? []).map((k) => (
          <tr key={k.id}>
            <td>{k.name}</td><td>{(k.scopes ?? []).join(", ")}</td><td className="wide">{new Date(k.expires).toLocaleDateString()}</td>
            <td><button onClick={() => { if (confirm(say("sure", { name: k.name }))) void run(() => ask(api.DELETE("/api/v1/keys/{id}", { params: { path: { id: k.id } }, headers: once() }))); }}>{say("remove")}</button></td>
          </tr>))}
        </tbody>
      </table>
      <form className="row" onSubmit={add}>
        <label>{say("name")} <input name="key" required maxLength={100} autoComplete="off" /></label>
        <fieldset><legend>{say("scopes")}</legend>{permissions.map((p) => <label key={p}><input type="checkbox" name="scopes" value={p} /> {p}</label>)}</fieldset>
        <button>{say("add")}</button>
      </form>
    </Card>
  );
}

function Vendors() {
  const { say } = useWords();
  const { data, error } = useAsked(() => ask(api.GET("/api/v1/vendors")));
  return (
    <Card title={say("vendors")}>
      <Fault error={error} />
      <table><tbody>{(data?.items ?? []).map((v, i) => (
        <tr key={i}>{Object.entries(v).map(([k, value]) => <td key={k}><small>{k}</small> {String(value)}</td>)}</tr>))}</tbody></table>
      {data && !data.items?.length ? <p className="empty">{say("none")}</p> : null}
    </Card>
  );
}

function Audit() {
  const { say } = useWords();
  const [before, setBefore] = useState<string[]>([]);
  const { data, error } = useAsked(() => ask(api.GET("/api/v1/audit", { params: { query: { limit: 50, before: before.at(-1) } } })), [before.length]);
  return (
    <Card title={say("audit")}>
      <Fault error={error} />
      <table>
        <thead><tr><th>{say("at")}</th><th>{say("who")}</th><th>{say("action")}</th><th>{say("object")}</th><th className="wide">{say("remote")}</th><th>{say("outcome")}</th></tr></thead>
        <tbody>{(data?.items ?? []).map((e) => (
          <tr key={e.id}><td>{new Date(e.at).toLocaleString()}</td><td>{e.who}</td><td>{e.action}</td><td>{e.object}</td><td className="wide">{e.remote}</td><td>{e.outcome}</td></tr>))}
        </tbody>
      </table>
      {data?.next ? <button onClick={() => setBefore([...before, data.next!])}>{say("more")}</button> : null}
    </Card>
  );
}
