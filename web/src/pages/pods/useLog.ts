import { useEffect, useState } from "react";
import { graphql } from "../../api/generated";
import type { PodLogSubscription } from "../../api/generated/graphql";
import { subscribe } from "../../api/subscribe";

const podLog = graphql(`
  subscription PodLog($id: ID!, $container: String!, $previous: Boolean!) {
    podLog(id: $id, container: $container, previous: $previous, tail: 200) {
      time
      text
    }
  }
`);

type Line = PodLogSubscription["podLog"];

/** How many lines are kept. */
const most = 5_000;
/** How long lines are gathered before they are shown, in milliseconds. */
const gathering = 100;

/** Follows a container's log. After a break the server sends the last lines again: the view starts anew with them. */
export function useLog(id: string, container: string, previous: boolean) {
  const [lines, setLines] = useState<Line[]>([]);
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    let fresh: Line[] = [];
    let anew = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const show = () => {
      timer = undefined;
      const batch = fresh;
      const replace = anew;
      fresh = [];
      anew = false;
      setLines((known) => (replace ? batch : [...known, ...batch]).slice(-most));
    };
    setLines([]);
    setProblem(undefined);
    const stop = subscribe(
      podLog,
      { id, container, previous },
      {
        next: ({ podLog: line }) => {
          fresh.push(line);
          timer ??= setTimeout(show, gathering);
        },
        state: (failure) => {
          setProblem(failure?.message);
          anew ||= failure === undefined;
        },
        complete: () => setProblem(previous ? undefined : "The container ended: there are no further lines."),
      },
    );
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [id, container, previous]);
  return { lines, problem };
}
