// What an agent does with a call: ringing, the choice after the briefing, and the talk.
import { useEffect, useRef, useState } from "react";
import type { Schema } from "./api";
import type { DeskBody, Ring } from "./desk";
import type { LiveCall } from "./events";
import type { Line } from "./softphone";
import { useWords, type Key } from "./words";

/** Do has the live call do something, and tells whether it has. */
export type Do = (verb: string, target?: string) => Promise<boolean>;

/** useKeys lets Alt+Shift and a letter do what a button does. Letters alone are left to screen readers and to those who type. */
function useKeys(keys: { [letter: string]: (() => void) | undefined }) {
  const now = useRef(keys);
  now.current = keys;
  useEffect(() => {
    const pressed = (e: KeyboardEvent) => {
      if (!e.altKey || !e.shiftKey || e.repeat || !e.code.startsWith("Key")) return;
      const act = now.current[e.code.slice(3)];
      if (act) { e.preventDefault(); act(); }
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, []);
}

const shortcut = (letter: string) => ({ "aria-keyshortcuts": `Alt+Shift+${letter}`, title: `Alt+Shift+${letter}` });

/** useRingtone sounds while something rings: two short tones every three seconds. */
function useRingtone() {
  useEffect(() => {
    const context = new AudioContext();
    const gain = context.createGain();
    gain.gain.value = 0.08;
    gain.connect(context.destination);
    const ring = () => {
      for (const [at, hz] of [[0, 660], [0.2, 880]] as const) {
        const tone = context.createOscillator();
        tone.frequency.value = hz;
        tone.connect(gain);
        tone.start(context.currentTime + at);
        tone.stop(context.currentTime + at + 0.18);
      }
    };
    ring();
    const timer = setInterval(ring, 3000);
    return () => { clearInterval(timer); void context.close(); };
  }, []);
}

export function Ringing({ ring, brief, onAnswer, onDecline }: { ring: Ring; brief?: Schema["Briefing"]; onAnswer: (r: Ring, keys: string) => void; onDecline: () => void }) {
  const { say } = useWords();
  useRingtone();
  const take = () => onAnswer(ring, ring.as === "agent" ? "1" : "");
  useKeys({ A: take, B: () => onAnswer(ring, ""), D: onDecline });
  const who = brief?.name || brief?.number || say("unknownCaller");
  const title = ring.as === "agent" ? say("ringsFor", { who }) : ring.as === "colleague" ? say("ringsConsult", { who: say("colleague") }) : say("ringsSupervisor");
  return (
    <section className="card ringing" aria-label={say("ringingState")}>
      <div role="alert"><h2>{title}</h2>
        {brief?.wanted ? <p>{say("wantsTo", { what: brief.wanted })}{brief.mood ? ` · ${say(brief.mood as Key)}` : ""}</p> : null}
      </div>
      <div className="row">
        <button className="primary" autoFocus onClick={take} {...shortcut("A")}>{say("accept")}</button>
        {ring.as === "agent" ? <button onClick={() => onAnswer(ring, "")} {...shortcut("B")}>{say("hearBriefing")}</button> : null}
        <button className="danger" onClick={onDecline} {...shortcut("D")}>{say("decline")}</button>
      </div>
    </section>
  );
}

const stageWords: { [stage: string]: Key } = { "on hold": "onHoldNow", consulting: "consultingNow", conference: "conferenceNow" };

type ControlsProps = { desk: DeskBody; me: string; live?: LiveCall; line?: Line; briefed: boolean; onOrder: Do; onHangup: () => void };

export function Controls({ desk, me, live, line, briefed, onOrder, onHangup }: ControlsProps) {
  const { say } = useWords();
  const [muted, setMuted] = useState(false);
  const [paused, setPaused] = useState(false);
  const has = desk.hand_over?.agent === me; // a colleague who is asked has the caller later, if at all
  const stage = live?.stage ?? "";
  const held = stage === "on hold";
  const mute = () => { line?.mute(!muted); if (has && !briefed) void onOrder(muted ? "unmute" : "mute"); setMuted(!muted); };
  const hold = () => void onOrder(held ? "resume" : "hold");
  const record = () => void onOrder(paused ? "start-recording" : "stop-recording").then((ok) => { if (ok) setPaused(!paused); });
  useKeys({ M: mute, H: has ? hold : undefined, R: has ? record : undefined, X: onHangup });
  if (briefed) return <Decide line={line} onHangup={onHangup} />;
  return (
    <section className="card" aria-label={say("talking")}>
      <p role="status" className="stage">{say(has ? stageWords[stage] ?? "talking" : "guestNow")}</p>
      <div className="row">
        {has ? <button aria-pressed={held} onClick={hold} {...shortcut("H")}>{say(held ? "resume" : "hold")}</button> : null}
        <button aria-pressed={muted} onClick={mute} {...shortcut("M")}>{say(muted ? "unmute" : "mute")}</button>
        {has ? <button aria-pressed={paused} onClick={record} {...shortcut("R")}>{say(paused ? "startRecording" : "stopRecording")}</button> : null}
        <button className="danger" onClick={onHangup} {...shortcut("X")}>{say("hangUp")}</button>
      </div>
      {has ? <Pass desk={desk} stage={stage} onOrder={onOrder} /> : null}
    </section>
  );
}

/** Decide is the choice of an agent who hears the briefing; the keys go to the attendant as a telephone's do. */
function Decide({ line, onHangup }: { line?: Line; onHangup: () => void }) {
  const { say } = useWords();
  const press = (key: string) => line?.press(key);
  useKeys({ A: () => press("1"), D: () => press("2"), X: onHangup });
  return (
    <section className="card" aria-label={say("briefing")}>
      <p role="status" className="stage">{say("briefing")}</p>
      <div className="row">
        <button className="primary" onClick={() => press("1")} {...shortcut("A")}>{say("accept")}</button>
        <button onClick={() => press("3")}>{say("repeat")}</button>
        <button onClick={() => press("4")}>{say("askAttendant")}</button>
        <button className="danger" onClick={() => press("2")} {...shortcut("D")}>{say("decline")}</button>
      </div>
    </section>
  );
}

/** Pass is how others are brought in: consult, conference, transfer, and back to the attendant. */
function Pass({ desk, stage, onOrder }: { desk: DeskBody; stage: string; onOrder: Do }) {
  const { say } = useWords();
  const [who, setWho] = useState("");
  const [to, setTo] = useState("");
  const [flow, setFlow] = useState("");
  const [calling, setCalling] = useState(false);
  const guest = stage === "consulting" || stage === "conference";
  useEffect(() => { if (stage !== "on hold") setCalling(false); }, [stage]);
  const consult = () => void onOrder("consult", who).then(setCalling);
  useKeys({ C: who && !guest ? consult : undefined, T: to ? () => void onOrder("pass", to) : undefined });
  const colleagues = desk.colleagues ?? [];
  if (guest || calling) {
    return (
      <div className="row">
        {calling && !guest ? <p role="status">{say("callingColleague", { who })}</p> : null}
        {guest ? <button className="primary" onClick={() => void onOrder("complete")}>{say("complete")}</button> : null}
        {stage === "consulting" ? <button onClick={() => void onOrder("conference")}>{say("conference")}</button> : null}
        <button onClick={() => void onOrder("return")}>{say("endConsult")}</button>
      </div>
    );
  }
  return (
    <div className="row">
      <label>{say("colleague")}
        <select value={who} onChange={(e) => setWho(e.target.value)}><option value="">–</option>{colleagues.map((a) => <option key={a.name} value={a.name}>{a.title || a.name}</option>)}</select>
      </label>
      <button disabled={!who} onClick={consult} {...shortcut("C")}>{say("consult")}</button>
      <label>{say("toWhom")}
        <select value={to} onChange={(e) => setTo(e.target.value)}><option value="">–</option>
          {colleagues.map((a) => <option key={a.name} value={a.name}>{a.title || a.name}</option>)}
          {(desk.queues ?? []).map((q) => <option key={"q" + q} value={q}>{say("queueName", { name: q })}</option>)}
        </select>
      </label>
      <button disabled={!to} onClick={() => void onOrder("pass", to)} {...shortcut("T")}>{say("transfer")}</button>
      <label>{say("flow")}
        <select value={flow} onChange={(e) => setFlow(e.target.value)}><option value="">{say("anyFlow")}</option>{(desk.back ?? []).map((f) => <option key={f}>{f}</option>)}</select>
      </label>
      <button onClick={() => void onOrder("back", flow)}>{say("giveBack")}</button>
    </div>
  );
}
