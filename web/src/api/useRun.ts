import { useEffect, useRef, useState } from "react";
import type { TypedDocumentString } from "./generated/graphql";
import { subscribe } from "./subscribe";

/** Something that the server does as long as somebody listens. */
export interface Run<Data, Variables> {
  running: boolean;
  /** What was told last. */
  latest?: Data;
  /** Why it ended early, or what is waited for. */
  problem?: string;
  start: (variables: Variables) => void;
  stop: () => void;
}

/**
 * Has the server do something and follows it. When the connection breaks, it is asked for again only where that does no
 * harm: what can be repeated goes on where it was.
 */
export function useRun<Data, Variables>(
  document: TypedDocumentString<Data, Variables>,
  { repeatable }: { repeatable: boolean },
): Run<Data, Variables> {
  const [state, setState] = useState<{ running: boolean; latest?: Data; problem?: string }>({ running: false });
  const ending = useRef<() => void>(undefined);
  useEffect(() => () => ending.current?.(), []);

  const stop = () => {
    ending.current?.();
    ending.current = undefined;
    setState((known) => ({ ...known, running: false }));
  };
  const start = (variables: Variables) => {
    ending.current?.();
    setState({ running: true });
    ending.current = subscribe(document, variables, {
      next: (latest) => setState({ running: true, latest }),
      state: (failure) => {
        if (failure && (failure.kind !== "unreachable" || !repeatable)) {
          stop();
        }
        setState((known) => ({ ...known, problem: failure?.message }));
      },
      complete: stop,
    });
  };
  return { ...state, start, stop };
}
