import { useEffect, useRef, useState } from "react";
import type { Graph } from "./graph";
import { gridLayout } from "./grid";
import { Layouter, shapeOf } from "./layout";
import type { Layout } from "./place";

/** How long an empty page is borne, in milliseconds. */
const patience = 700;

/** Lays a graph out, anew only when its shape changes. Until then the last layout stays. */
export function useLayout(graph: Graph | undefined): { layout?: Layout; problem?: string } {
  const layouter = useRef<Layouter>(undefined);
  const [layout, setLayout] = useState<Layout>();
  const [problem, setProblem] = useState<string>();
  const shape = graph && shapeOf(graph);

  useEffect(
    () => () => {
      layouter.current?.stop();
      layouter.current = undefined;
    },
    [],
  );

  // biome-ignore lint/correctness/useExhaustiveDependencies: only the shape matters, not the numbers
  useEffect(() => {
    if (!graph) {
      return;
    }
    let current = true;
    layouter.current ??= new Layouter();
    // What is to be seen at first comes at once, if the fine layout takes its time.
    const impatient = setTimeout(() => setLayout((made) => made ?? gridLayout(graph)), patience);
    layouter.current
      .layout(graph)
      .then((made) => {
        clearTimeout(impatient);
        if (current) {
          setLayout(made);
          setProblem(undefined);
        }
      })
      .catch((failure: unknown) => {
        if (current) {
          setProblem(failure instanceof Error ? failure.message : String(failure));
        }
      });
    return () => {
      current = false;
      clearTimeout(impatient);
    };
  }, [shape]);
  return { layout, problem };
}
