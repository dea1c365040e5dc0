import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type Applied, apply } from "./apply";
import { type Finding, locate, syntaxOf } from "./problems";

/** The live object that an edit started from. */
export interface Base {
  resourceVersion?: string;
  yaml: string;
}

export type Outcome = { kind: "none" } | { kind: "valid" } | { kind: "invalid" } | { kind: "failed"; message: string };

/** A resource as it is being edited: its text, what is wrong with it, and the object that it is based on. */
export function useDraft(cluster: string, initial: Base) {
  const client = useQueryClient();
  const [base, setBase] = useState(initial);
  const [text, setText] = useState(initial.yaml);
  const [findings, setFindings] = useState<Finding[]>([]);
  const [outcome, setOutcome] = useState<Outcome>({ kind: "none" });
  const [conflict, setConflict] = useState<Base>();
  const [busy, setBusy] = useState(false);

  async function send(dryRun: boolean): Promise<Applied | undefined> {
    const wrong = syntaxOf(text);
    if (wrong.length > 0) {
      setFindings(wrong);
      setOutcome({ kind: "invalid" });
      return undefined;
    }
    setBusy(true);
    try {
      const answer = await apply({ cluster, yaml: text, resourceVersion: base.resourceVersion, dryRun });
      setFindings(answer.conflict ? [] : locate(text, answer.problems));
      setOutcome({
        kind: answer.problems.length > 0 && !answer.conflict ? "invalid" : answer.conflict ? "none" : "valid",
      });
      setConflict(answer.conflict ?? undefined);
      if (answer.resource && !dryRun) {
        const saved = { resourceVersion: answer.resource.resourceVersion, yaml: answer.resource.yaml };
        setBase(saved);
        setText(saved.yaml);
        await client.invalidateQueries({ queryKey: ["inventory"] });
      }
      return answer;
    } catch (failure) {
      setOutcome({ kind: "failed", message: failure instanceof Error ? failure.message : String(failure) });
      return undefined;
    } finally {
      setBusy(false);
    }
  }

  return {
    base,
    text,
    findings,
    outcome,
    conflict,
    busy,
    changed: text !== base.yaml,
    /** Takes what was typed. */
    edit(next: string) {
      if (next !== text) {
        setText(next);
        setFindings([]);
        setOutcome({ kind: "none" });
      }
    },
    /** Has the API server check the text without writing it. */
    validate: () => send(true),
    /** Writes the text. */
    save: () => send(false),
    /** Goes on from another version of the object, with the text as typed or with that version's. */
    rebase(onto: Base, keep: boolean) {
      setBase(onto);
      setConflict(undefined);
      if (!keep) {
        setText(onto.yaml);
      }
    },
  };
}

export type Draft = ReturnType<typeof useDraft>;
