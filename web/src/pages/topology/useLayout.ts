import { useEffect, useRef, useState } from "react";
import type { Graph } from "./graph";
import { shapeOf } from "./layout";
import type { Delivery, Order } from "./layout.worker";
import LayoutWorker from "./layout.worker?worker";
import type { Layout } from "./place";

/** Lays a graph out off the main thread, anew only when its shape changes. Until then the last layout stays. */
export function useLayout(graph: Graph | undefined): { layout?: Layout; problem?: string } {
  const worker = useRef<Worker>(undefined);
  const [layout, setLayout] = useState<Layout>();
  const [problem, setProblem] = useState<string>();
  const ordered = useRef(0);
  const since = useRef(0);
  const latest = useRef<Layout>(undefined);
  const key = graph && JSON.stringify(shapeOf(graph));

  useEffect(() => {
    const made = new LayoutWorker();
    made.onmessage = ({ data }: MessageEvent<Delivery>) => {
      if (data.number === ordered.current) {
        performance.measure("topology layout", { start: since.current });
        latest.current = data.layout;
        setLayout(data.layout);
        setProblem(undefined);
      }
    };
    made.onerror = (event) => setProblem(event.message || "the browser does not run the layout");
    worker.current = made;
    return () => made.terminate();
  }, []);

  useEffect(() => {
    if (key) {
      since.current = performance.now();
      const order: Order = { number: ++ordered.current, shape: JSON.parse(key), before: latest.current };
      worker.current?.postMessage(order);
    }
  }, [key]);
  return { layout, problem };
}
