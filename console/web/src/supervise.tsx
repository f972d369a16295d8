// What a supervisor does with a live call: listen, whisper, speak, take over, tell the attendant, end.
import { useEffect, useRef, useState, type FormEvent } from "react";
import { api, ask, once, Problem } from "./api";
import type { LiveCall } from "./events";
import { Fault } from "./parts";
import { Line, NoMicrophone } from "./softphone";
import { useWords, type Key } from "./words";

type Mode = "silent" | "connecting" | "listen" | "whisper" | "barge" | "take-over";
const told: { [m in Mode]: Key } = { silent: "silentNow", connecting: "connectingLine", listen: "listeningNow", whisper: "whisperingNow", barge: "bargingNow", "take-over": "takenNow" };

/** Supervise is a supervisor's side of one call. With listen it begins to listen at once: one click from an alert to the call. */
export function Supervise({ call, listen }: { call: LiveCall; listen: boolean }) {
  const { say } = useWords();
  const [mode, setMode] = useState<Mode>("silent");
  const [error, setError] = useState<Problem>();
  const line = useRef<Line>(undefined);
  const failed = (e: unknown) => setError(e instanceof Problem ? e : new Problem(0, e instanceof NoMicrophone ? say("micDenied") : String((e as Error).message ?? e)));
  const leave = () => { void line.current?.hangup(); line.current = undefined; setMode("silent"); };

  const connect = async (verb: string) => {
    setMode("connecting");
    const l = (line.current = new Line(() => { line.current = undefined; setMode("silent"); }));
    await l.connect(`/api/v1/calls/${call.id}/watch?verb=${verb}`);
    await l.up();
  };
  const order = (verb: string, text?: string) => ask(api.POST("/api/v1/calls/{id}/order", { params: { path: { id: call.id } }, headers: once(), body: { verb, text } }));
  const become = async (m: "listen" | "whisper" | "barge" | "take-over") => {
    setError(undefined);
    try {
      const seated = !!line.current;
      if (!seated) await connect(m === "take-over" ? "listen" : m);
      if (m === "listen") await line.current?.silence();
      else await line.current?.speak();
      if (seated) await order(m);
      else if (m === "take-over") await soon(() => order(m));
      setMode(m);
    } catch (e) {
      failed(e);
      if (mode === "silent") leave();
    }
  };
  useEffect(() => {
    if (listen) void become("listen");
    return () => { void line.current?.hangup(); line.current = undefined; };
  }, [call.id]);

  const button = (m: "listen" | "whisper" | "barge" | "take-over", name: Key) => (
    <button aria-pressed={mode === m} disabled={mode === "connecting"} onClick={() => void become(m)}>{say(name)}</button>
  );
  const human = call.state === "human";
  const end = () => { if (window.confirm(say("sureEnd"))) order("end").catch(failed); };
  return (
    <section className="supervise" aria-label={say("supervise")}>
      <p role="status" className={mode === "silent" ? "empty" : "stage"}>{say(told[mode])}</p>
      <div className="row">
        {button("listen", "listen")}
        {human ? button("whisper", "whisper") : null}
        {button("barge", "barge")}
        {button("take-over", "takeOver")}
        {mode !== "silent" ? <button onClick={leave}>{say("stopListening")}</button> : null}
        {human ? <button onClick={() => order("hand-back").then(leave, failed)}>{say("handBack")}</button> : null}
        <button className="danger" onClick={end}>{say("endCall")}</button>
      </div>
      {human ? null : <><Tell verb="suggest" name="suggestText" hint="suggestHint" onTell={order} /><Tell verb="say" name="sayText" hint="sayHint" onTell={order} /></>}
      <Fault error={error} />
    </section>
  );
}

/** soon tries again for a moment what is refused as not possible now: the server lets a line in just after it is up. */
async function soon(what: () => Promise<unknown>) {
  for (let tries = 20; ; tries--) {
    try {
      return await what();
    } catch (e) {
      if (!(e instanceof Problem) || e.status !== 409 || tries === 0) throw e;
      await new Promise((done) => setTimeout(done, 100));
    }
  }
}

/** Tell gives the attendant a text: to bring up in its next reply, or to say. */
function Tell({ verb, name, hint, onTell }: { verb: string; name: Key; hint: Key; onTell: (verb: string, text: string) => Promise<unknown> }) {
  const { say } = useWords();
  const [text, setText] = useState("");
  const [done, setDone] = useState(false);
  const [error, setError] = useState<Problem>();
  const submit = (e: FormEvent) => {
    e.preventDefault();
    onTell(verb, text).then(() => { setText(""); setDone(true); setError(undefined); }, setError);
  };
  return (
    <form className="tell" onSubmit={submit}>
      <label>{say(name)} <input value={text} placeholder={say(hint)} maxLength={300} onChange={(e) => { setText(e.target.value); setDone(false); }} /></label>
      <button disabled={!text.trim()}>{say("send")}</button>
      <small role="status">{done ? say("sent") : ""}</small>
      <Fault error={error} />
    </form>
  );
}
