// Wrap-up: code and notes, made ready from the record.
import { useEffect, useState, type FormEvent } from "react";
import { api, ask, once, Problem } from "./api";
import type { DeskBody } from "./desk";
import { Card, Fault } from "./parts";
import { useWords } from "./words";

export function WrapUp({ me, desk, onDone }: { me: string; desk: DeskBody; onDone: () => void }) {
  const { say } = useWords();
  const [code, setCode] = useState(desk.code ?? "");
  const [notes, setNotes] = useState(desk.draft ?? "");
  const [touched, setTouched] = useState(false);
  const [error, setError] = useState<Problem>();
  useEffect(() => { // the record may be known a moment later than the state
    if (touched) return;
    setCode(desk.code ?? "");
    setNotes(desk.draft ?? "");
  }, [desk.code, desk.draft, touched]);
  const submit = (e: FormEvent) => {
    e.preventDefault();
    ask(api.POST("/api/v1/agents/{name}/wrap-up", { params: { path: { name: me } }, headers: once(), body: { code, notes } })).then(onDone, setError);
  };
  return (
    <Card title={say("wrapUpTitle")}>
      <form className="wrapup" onSubmit={submit}>
        <label>{say("code")}
          <select value={code} onChange={(e) => { setTouched(true); setCode(e.target.value); }}><option value="">{say("noCode")}</option>{(desk.codes ?? []).map((c) => <option key={c}>{c}</option>)}</select>
        </label>
        <label>{say("notes")} <textarea rows={6} maxLength={4000} value={notes} onChange={(e) => { setTouched(true); setNotes(e.target.value); }} /></label>
        <button className="primary">{say("finish")}</button>
        <Fault error={error} />
      </form>
    </Card>
  );
}
