// Talk to it: a conversation in text with the attendant as it would be with the changes on the page.
import { useEffect, useRef, useState, type FormEvent } from "react";
import { api, ask, Problem, type Schema } from "./api";
import { Card, Fault } from "./parts";
import { useWords } from "./words";

type Exchange = Schema["Exchange"];

export function Talk({ changes }: { changes: { path: string; text: string }[] }) {
  const { say, language } = useWords();
  const [said, setSaid] = useState<Exchange[]>([]);
  const [over, setOver] = useState(false);
  const [error, setError] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const id = useRef("");
  const begun = useRef(""); // the changes that the talk began with
  const end = useRef<HTMLLIElement>(null);
  useEffect(() => { end.current?.scrollIntoView({ block: "nearest" }); }, [said.length]);
  const leave = () => { if (id.current) void api.DELETE("/api/v1/talks/{id}", { params: { path: { id: id.current } } }); id.current = ""; };
  useEffect(() => leave, []);
  const begin = async () => {
    leave();
    setSaid([]); setOver(false);
    begun.current = JSON.stringify(changes);
    const t = await ask(api.POST("/api/v1/talks", { body: { changes, language: language === "zh" ? "zh-CN" : undefined } }));
    id.current = t.id;
    setSaid(t.said ?? []);
    return t;
  };
  const run = (what: () => Promise<unknown>) => {
    setBusy(true);
    what().then(() => setError(undefined), (e) => setError(e instanceof Problem ? e : new Problem(0, String(e)))).finally(() => setBusy(false));
  };
  const speak = (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault();
    const form = e.currentTarget, text = String(new FormData(form).get("line"));
    form.reset();
    run(async () => {
      if (!id.current || begun.current !== JSON.stringify(changes)) await begin();
      const t = await ask(api.POST("/api/v1/talks/{id}", { params: { path: { id: id.current } }, body: { text } }));
      setSaid((old) => [...old, ...(t.said ?? [])]);
      if (t.over) { setOver(true); id.current = ""; }
    });
  };
  return (
    <Card title={say("talk")}>
      <p><small>{say("talkHelp")}</small></p>
      <div role="log" tabIndex={0} aria-label={say("talk")}><ol className="transcript">
        {said.map((t, i) => (
          <li key={i} className={`said ${t.side === "caller" ? "caller" : "attendant"}`}>
            <span className="who">{say(t.side === "caller" ? "caller" : "attendant")}</span>
            <p>{t.text || say("nothingHeard")}</p>
            <small>{[
              t.understood?.length ? `${say("understood")} ${t.understood.map((c) => [c.kind, c.flow, c.slot, c.value, c.article].filter(Boolean).join(" ")).join(", ")}` : "",
              t.flow ? `${t.flow}/${t.step ?? ""}` : "",
              t.sources?.length ? `${say("sources")} ${t.sources.join(", ")}` : "",
              (t.actions ?? []).map((a) => `${a.operation}: ${a.outcome}`).join(", "),
              (t.guard ?? []).map((g) => `${say("guard")}: ${g.rule}`).join(", "),
            ].filter(Boolean).join(" · ")}</small>
          </li>))}
        <li ref={end} className="note">{over ? say("talkOver") : ""}</li>
      </ol></div>
      <Fault error={error} />
      <form className="row" onSubmit={speak}>
        <label className="grow">{say("yourLine")} <input name="line" autoComplete="off" maxLength={1000} /></label>
        <button className="primary" disabled={busy}>{say("sendLine")}</button> <button type="button" disabled={busy} onClick={() => run(begin)}>{say("again")}</button>
      </form>
    </Card>
  );
}
