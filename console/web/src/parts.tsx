// What several pages show.
import type { ReactNode } from "react";
import { seconds, type Problem, type Turn } from "./api";
import { useWords, type Key } from "./words";

export function Fault({ error }: { error?: Problem }) {
  const { say } = useWords();
  return error ? <p role="alert" className="fault">{say("failed", { why: error.message })}</p> : null;
}

export function Page({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  return (
    <>
      <div className="head"><h1>{title}</h1>{aside}</div>
      {children}
    </>
  );
}

export function Card({ title, children }: { title: string; children: ReactNode }) {
  const id = "h-" + title.replace(/\W+/g, "-");
  return <section className="card" aria-labelledby={id}><h2 id={id}>{title}</h2>{children}</section>;
}

/** Mood shows a score of -1 to 1 as a word and a sign, never as colour alone. */
export function Mood({ value }: { value: number }) {
  const face = value > 0.2 ? "▲" : value < -0.2 ? "▼" : "●";
  const name = value > 0.2 ? "good" : value < -0.2 ? "bad" : "even";
  return <span className={"mood " + name}><span aria-hidden="true">{face}</span> {value.toFixed(2)}</span>;
}

const hops: Key[] = ["endpoint", "recognize", "understand", "act", "speak"];

/** Delays are the parts of one reply's delay, as bars of one scale. */
export function Delays({ of }: { of: NonNullable<Turn["delays"]> }) {
  const { say } = useWords();
  const total = Math.max(of.total, 1);
  const part = (h: Key) => of[h as keyof typeof of] ?? 0;
  return (
    <div className="delays" title={hops.map((h) => `${say(h)} ${seconds(part(h)).toFixed(2)} s`).join(", ")}>
      {hops.map((h) => <span key={h} className={"hop " + h} style={{ width: `${(100 * part(h)) / total}%` }} />)}
    </div>
  );
}

/** Said is one turn of a transcript, with what is known of it below. */
export function Said({ turn, full, playing, onGo }: { turn: Turn; full?: boolean; playing?: boolean; onGo?: () => void }) {
  const { say } = useWords();
  const notes: string[] = [];
  if (turn.keys) notes.push(say("keyed"));
  if (turn.interrupted) notes.push(say("interrupted"));
  if (turn.mood && turn.side === "caller") notes.push(turn.mood);
  if (turn.commands?.length) notes.push(`${say("understood")} ${turn.commands.join(", ")}`);
  if (turn.sources?.length) notes.push(`${say("sources")} ${[...new Set(turn.sources)].join(", ")}`);
  if (turn.delays) notes.push(say("answeredAfter", { s: seconds(turn.delays.total).toFixed(2) }));
  if (full && turn.flow) notes.push(`${turn.flow}/${turn.step}`);
  const who = turn.side === "caller" ? "caller" : turn.side === "human" ? "human" : "attendant";
  return (
    <li className={`said ${who}${playing ? " playing" : ""}`}>
      <span className="who">{say(who)} {onGo ? <button className="link" onClick={onGo}>{clock(turn.start)}</button> : <span className="at">{clock(turn.start)}</span>}</span>
      <p>{turn.text || say("nothingHeard")}</p>
      {full && turn.planned ? <p className="planned">… {turn.planned}</p> : null}
      {notes.length ? <small>{notes.join(" · ")}</small> : null}
      {full && turn.delays ? <Delays of={turn.delays} /> : null}
    </li>
  );
}

/** clock is a time since the answer as minutes and seconds. */
export function clock(nanoseconds: number): string {
  const s = Math.max(0, Math.floor(seconds(nanoseconds)));
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
}

export const between = (from: string, to: string) => clock((Date.parse(to) - Date.parse(from)) * 1e6);

/** Line draws the scores of a caller's turns, -1 below to 1 above. */
export function Line({ scores }: { scores: number[] }) {
  const { say } = useWords();
  if (scores.length < 2) return null;
  const points = scores.map((v, i) => `${(100 * i) / (scores.length - 1)},${20 - 18 * v}`).join(" ");
  return (
    <svg className="line" viewBox="0 0 100 40" preserveAspectRatio="none" role="img" aria-label={`${say("sentiment")}: ${scores.map((v) => v.toFixed(1)).join(", ")}`}>
      <line x1="0" y1="20" x2="100" y2="20" className="axis" /><polyline points={points} />
    </svg>
  );
}
