// What pages that edit things share: fields, saving with versions, history, and lists of any length.
import { useEffect, useRef, useState, type FormEvent, type ReactNode } from "react";
import { Problem } from "./api";
import { Fault } from "./parts";
import { useWords, type Key } from "./words";

/** Field is one field of a thing; its name is the way to it, such as "hours.zone". */
export type Field = { name: string; label: Key; kind?: "text" | "number" | "bool" | "list" | "choice" | "secret" | "area"; options?: string[]; hint?: Key; list?: string; readOnly?: boolean; required?: boolean };
export type Thing = { [name: string]: unknown };

const at = (thing: Thing, name: string): unknown => name.split(".").reduce<unknown>((v, key) => (v && typeof v === "object" ? (v as Thing)[key] : undefined), thing);

const put = (thing: Thing, name: string, value: unknown) => {
  const [first = "", ...rest] = name.split(".");
  if (rest.length === 0) { thing[first] = value; return; }
  const inner = (thing[first] ??= {}) as Thing;
  put(inner, rest.join("."), value);
};

/** read is the thing that a form holds; what is empty is left out. */
export function read(form: HTMLFormElement, fields: Field[]): Thing {
  const data = new FormData(form), out: Thing = {};
  for (const f of fields) {
    const text = String(data.get(f.name) ?? "").trim();
    if (f.kind === "bool") { if (data.has(f.name)) put(out, f.name, true); }
    else if (text === "") continue;
    else if (f.kind === "number") put(out, f.name, Number(text));
    else if (f.kind === "list") put(out, f.name, text.split(/[\s,]+/));
    else put(out, f.name, text);
  }
  return out;
}

export function Fields({ title, fields, of }: { title: Key; fields: Field[]; of: Thing }) {
  const { say } = useWords();
  return (
    <fieldset className="fields"><legend>{say(title)}</legend>
      {fields.map((f) => <One key={f.name} field={f} value={at(of, f.name)} />)}
    </fieldset>
  );
}

function One({ field: f, value }: { field: Field; value: unknown }) {
  const { say } = useWords();
  const text = Array.isArray(value) ? value.join(" ") : value === undefined || value === null || value === 0 ? "" : String(value);
  const hint = f.hint ? <small>{say(f.hint)}</small> : null;
  if (f.kind === "bool") return <label className="check"><input type="checkbox" name={f.name} defaultChecked={value === true} /> {say(f.label)}</label>;
  if (f.kind === "choice") return (
    <label>{say(f.label)} <select name={f.name} defaultValue={text}>
      <option value="">{say("unset")}</option>{(f.options ?? []).map((o) => <option key={o}>{o}</option>)}
      {text && !f.options?.includes(text) ? <option>{text}</option> : null}
    </select>{hint}</label>);
  if (f.kind === "area") return <label className="whole">{say(f.label)} <textarea name={f.name} defaultValue={text} rows={3} />{hint}</label>;
  return (
    <label>{say(f.label)} <input name={f.name} defaultValue={text} type={f.kind === "secret" ? "password" : "text"} inputMode={f.kind === "number" ? "decimal" : undefined}
      pattern={f.kind === "number" ? "[0-9]*[.]?[0-9]*" : undefined} readOnly={f.readOnly} required={f.required} list={f.list} autoComplete={f.kind === "secret" ? "new-password" : "off"} />{hint}</label>);
}

/** Editing is a form that saves; who saves what another has changed meanwhile is told so. */
export function Editing({ onSave, onReload, children, more }: { onSave: (form: HTMLFormElement) => Promise<unknown>; onReload?: () => void; children: ReactNode; more?: ReactNode }) {
  const { say } = useWords();
  const [error, setError] = useState<Problem>();
  const [state, setState] = useState<"" | "saving" | "saved">("");
  const save = (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault();
    setState("saving");
    onSave(e.currentTarget).then(
      () => { setError(undefined); setState("saved"); },
      (e) => { setError(e instanceof Problem ? e : new Problem(0, String(e))); setState(""); });
  };
  return (
    <form className="card editing" onSubmit={save} onChange={() => setState("")}>
      {children}
      {error?.status === 412
        ? <p role="alert" className="fault">{say("changedMeanwhile")} {onReload ? <button type="button" onClick={() => { setError(undefined); onReload(); }}>{say("reload")}</button> : null}</p>
        : <Faults error={error} />}
      <p className="actions"><button className="primary" disabled={state === "saving"}>{say(state === "saving" ? "saving" : "save")}</button> {more} <span role="status">{state === "saved" ? say("saved") : ""}</span></p>
    </form>
  );
}

/** Faults shows what is wrong, one fault a line. */
export function Faults({ error }: { error?: Problem }) {
  const lines = (error?.message ?? "").split("\n").filter(Boolean);
  if (lines.length < 2) return <Fault error={error} />;
  return <ul role="alert" className="fault">{lines.map((l, i) => <li key={i}>{l}</li>)}</ul>;
}

const rowHeight = 41, margin = 10;

/** Rows is a table of any length, of which only what is seen is drawn; onEnd asks for more. */
export function Rows<T>({ label, head, items, row, onEnd, empty }: { label: string; head: ReactNode; items: T[]; row: (item: T) => ReactNode; onEnd?: () => void; empty?: ReactNode }) {
  const box = useRef<HTMLDivElement>(null);
  const [first, setFirst] = useState(0);
  const [most, setMost] = useState(40);
  const look = () => {
    const b = box.current;
    if (!b) return;
    setFirst(Math.max(0, Math.floor(b.scrollTop / rowHeight) - margin));
    setMost(Math.ceil(b.clientHeight / rowHeight) + 2 * margin);
    if (onEnd && b.scrollTop + b.clientHeight > b.scrollHeight - 20 * rowHeight) onEnd();
  };
  useEffect(look, [items.length]);
  const shown = items.slice(first, first + most);
  const below = Math.max(0, items.length - first - shown.length);
  return (
    <div ref={box} className="rows" tabIndex={0} role="region" aria-label={label} onScroll={look}>
      <table aria-rowcount={items.length + 1}>
        <thead>{head}</thead>
        <tbody>
          {first > 0 ? <tr aria-hidden="true" style={{ height: first * rowHeight }}><td /></tr> : null}
          {shown.map(row)}
          {below > 0 ? <tr aria-hidden="true" style={{ height: below * rowHeight }}><td /></tr> : null}
        </tbody>
      </table>
      {items.length === 0 ? empty : null}
    </div>
  );
}

type Old = { version: number; author: string; at: string; removed?: boolean };

/** History lists the versions of a thing, the newest first. */
export function History<T extends Old>({ versions, children }: { versions: T[]; children: (v: T) => ReactNode }) {
  const { say } = useWords();
  return (
    <ol className="history">{versions.map((v) => (
      <li key={v.version}><details><summary>{say("versionBy", { n: v.version, who: v.author, at: new Date(v.at).toLocaleString() })} {v.removed ? <span className="badge bad">{say("removedBy")}</span> : null}</summary>{children(v)}</details></li>))}
    </ol>
  );
}
