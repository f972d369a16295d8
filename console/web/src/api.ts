// The API, typed by its own description ("make web" writes api-types.ts).
import createClient from "openapi-fetch";
import { useCallback, useEffect, useState } from "react";
import type { components, paths } from "./api-types";

export const api = createClient<paths>({ baseUrl: location.origin });
export type Schema = components["schemas"];
export type Record = Schema["Record"];
export type Turn = Schema["Turn"];

/** Problem is an error of the API in words for people. */
export class Problem extends Error {
  constructor(readonly status: number, detail: string) {
    super(detail);
  }
}

type Said = { detail?: string; errors?: { message?: string; location?: string; value?: unknown }[] | null };
type Answer<T> = { data?: T; error?: Said; response: Response };

/** words are all that a refusal says, one fault a line. */
const words = (e: Said | undefined) => [...(e?.errors ?? []).map((f) => [f.location, f.value, f.message].filter(Boolean).join(":")), ...(e?.errors?.length ? [] : [e?.detail])].filter(Boolean).join("\n");

/** ask unwraps an answer; a refusal becomes a Problem. */
export async function ask<T>(answer: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await answer;
  if (error || !response.ok) throw new Problem(response.status, words(error) || response.statusText);
  return data as T;
}

/** useAsked asks when the page opens, and again when told to. */
export function useAsked<T>(question: () => Promise<T>, on: readonly unknown[] = []) {
  const [data, setData] = useState<T>();
  const [error, setError] = useState<Problem>();
  const [round, setRound] = useState(0);
  useEffect(() => {
    let gone = false;
    question().then(
      (d) => { if (!gone) { setData(d); setError(undefined); } },
      (e) => { if (!gone) setError(e instanceof Problem ? e : new Problem(0, String(e))); },
    );
    return () => { gone = true; };
  }, [round, ...on]);
  return { data, error, again: useCallback(() => setRound((n) => n + 1), []) };
}

/** write is a request that changes something: repeated by a retry it changes it once. */
export const once = () => ({ "Idempotency-Key": crypto.randomUUID() });

export const seconds = (nanoseconds: number) => nanoseconds / 1e9;
