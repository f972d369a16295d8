// The widget of other sites' pages, used on ours.
import { createElement } from "react";
import { useWords } from "./words";

export function Caller({ to }: { to: string }) {
  const { language } = useWords();
  return createElement("attendant-call", { to, lang: language, key: language + to });
}
