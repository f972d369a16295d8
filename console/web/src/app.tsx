// The console: who is signed in, the menu, and the pages.
import { useEffect, useState, type FormEvent } from "react";
import { Link, Redirect, Route, Router, Switch, useLocation } from "wouter";
import { useHashLocation } from "wouter/use-hash-location";
import { Analytics } from "./analytics";
import { api, ask, Problem, type Schema } from "./api";
import { Call, Calls } from "./calls";
import { Desk } from "./desk";
import { Article, Flow, Flows, Knowledge } from "./content";
import { useLive } from "./events";
import { Live } from "./live";
import { Fault } from "./parts";
import { Setup } from "./setup";
import { languages, preferred, speaker, useWords, Words, type Key, type Language } from "./words";

type Session = Schema["WhoamiBody"];

const pages: { path: string; name: Key; need: string[] }[] = [
  { path: "/live", name: "live", need: ["calls.read"] },
  { path: "/desk", name: "desk", need: ["desk.work"] },
  { path: "/calls", name: "calls", need: ["calls.read"] },
  { path: "/knowledge", name: "knowledge", need: ["content.read"] },
  { path: "/flows", name: "flows", need: ["content.read"] },
  { path: "/analytics", name: "analytics", need: ["analytics.read"] },
  { path: "/setup", name: "setup", need: ["users.manage", "keys.manage", "audit.read", "health.read"] },
];

export function App() {
  const [language, setLanguage] = useState<Language>(preferred);
  const [session, setSession] = useState<Session | null>();
  useEffect(() => { document.documentElement.lang = language === "zh" ? "zh-Hans" : "en"; }, [language]);
  useEffect(() => { ask(api.GET("/api/v1/session")).then(setSession, () => setSession(null)); }, []);
  const choose = (l: Language) => { localStorage.setItem("language", l); setLanguage(l); };
  return (
    <Words.Provider value={{ say: speaker(language), language, choose }}>
      {session === undefined ? null : session === null ? <SignIn onIn={setSession} /> : (
        <Router hook={useHashLocation}><Console session={session} onOut={() => setSession(null)} /></Router>
      )}
    </Words.Provider>
  );
}

function SignIn({ onIn }: { onIn: (s: Session) => void }) {
  const { say } = useWords();
  const [error, setError] = useState<Problem>();
  const submit = (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault();
    const f = new FormData(e.currentTarget);
    ask(api.POST("/api/v1/session", { body: { name: String(f.get("name")), password: String(f.get("password")) } })).then(onIn, setError);
  };
  return (
    <main className="signin">
      <form className="card" onSubmit={submit}>
        <h1>Attendant</h1>
        <label>{say("name")} <input name="name" autoComplete="username" required autoFocus /></label>
        <label>{say("password")} <input name="password" type="password" autoComplete="current-password" required /></label>
        <button className="primary">{say("signIn")}</button>
        <Fault error={error} />
        <Choice />
      </form>
    </main>
  );
}

function Choice() {
  const { language, choose, say } = useWords();
  return (
    <select aria-label={say("language")} value={language} onChange={(e) => choose(e.target.value as Language)}>
      {(Object.keys(languages) as Language[]).map((l) => <option key={l} value={l}>{languages[l]}</option>)}
    </select>
  );
}

function Console({ session, onOut }: { session: Session; onOut: () => void }) {
  const { say } = useWords();
  const [path] = useLocation();
  const permissions: string[] = session.permissions ?? [];
  const live = useLive(permissions.includes("calls.read"));
  const mine = pages.filter((p) => p.need.some((n) => permissions.includes(n)));
  const out = () => { void api.DELETE("/api/v1/session").finally(onOut); };
  return (
    <div className="shell">
      <a className="skip" href="#main" onClick={(e) => { e.preventDefault(); document.getElementById("main")?.focus(); }}>{say("skip")}</a>
      <header>
        <strong className="brand">Attendant</strong>
        <nav aria-label={say("menu")}>
          {mine.map((p) => <Link key={p.path} href={p.path} aria-current={path.startsWith(p.path) ? "page" : undefined}>{say(p.name)}</Link>)}
        </nav>
        <div className="me"><span>{say("signedInAs", { name: session.name })}</span> <Choice /> <button onClick={out}>{say("signOut")}</button></div>
      </header>
      <main id="main" tabIndex={-1}>
        <Switch>
          <Route path="/live"><Live live={live} permissions={permissions} /></Route>
          <Route path="/desk"><Desk me={session.name} /></Route>
          <Route path="/calls"><Calls /></Route>
          <Route path="/calls/by/:outcome">{(p) => <Calls key={p.outcome} outcome={p.outcome} />}</Route>
          <Route path="/calls/:id">{(p) => <Call id={p.id} />}</Route>
          <Route path="/knowledge"><Knowledge /></Route>
          <Route path="/knowledge/:id">{(p) => <Article id={p.id} />}</Route>
          <Route path="/flows"><Flows /></Route>
          <Route path="/flows/:name">{(p) => <Flow name={p.name} />}</Route>
          <Route path="/analytics"><Analytics /></Route>
          <Route path="/setup"><Setup permissions={permissions} /></Route>
          <Route><Redirect to={mine[0]?.path ?? "/live"} replace /></Route>
        </Switch>
      </main>
    </div>
  );
}
