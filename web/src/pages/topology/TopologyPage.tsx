import { Alert, Group, Text, Title } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { Empty, Loading, Problem } from "../../elements/Answer";
import { formatTime } from "../../view/format";
import { useView } from "../../view/view";
import { Canvas } from "./Canvas";
import { useDrawing } from "./drawing";
import { graphOf, type Topology } from "./graph";
import { Legend } from "./Legend";
import { remember } from "./memory";
import { SidePanel } from "./SidePanel";
import { Toolbar } from "./Toolbar";
import classes from "./TopologyPage.module.css";
import { useLayout } from "./useLayout";
import { useTopology } from "./useTopology";

/** The mesh's traffic as a graph. */
export function TopologyPage() {
  const { view, filter } = useView();
  const state = useDrawing();
  const { drawing, label, selected, select, toggleFold, addressOf, setFocus } = state;
  const { topology, error } = useTopology(filter, view.at);
  const whole = useRemembered(topology, JSON.stringify([filter, view.at ? "past" : "now"]), !view.at);
  const graph = useMemo(() => whole && graphOf(whole, drawing), [whole, drawing]);
  const { layout, problem } = useLayout(graph);
  const [word, setWord] = useState("");
  const names = JSON.stringify(graph?.items.map(({ id, label: name }) => [id, name]) ?? []);
  const found = useMemo(() => search(names, word), [names, word]);

  useEffect(() => {
    document.title = "Topology · Service Mesh Manager";
  }, []);

  return (
    <div className={classes.page}>
      <Group justify="space-between" px="md" py="xs" className={classes.bar}>
        <Title order={1}>Topology</Title>
        <Toolbar state={state} word={word} setWord={setWord} />
      </Group>
      <div className={classes.body}>
        <div className={classes.graph}>
          {graph && layout && graph.items.length + graph.boxes.length > 0 && (
            <Canvas
              graph={graph}
              layout={layout}
              label={label}
              selected={
                graph.items.find(({ id, objectID }) => selected && (id === selected || objectID === selected))?.id
              }
              found={found}
              onSelect={select}
              onFold={toggleFold}
            />
          )}
          <div className={classes.corner}>
            <Legend />
          </div>
          <div className={classes.messages}>
            {error && !topology && <Problem title="The graph could not be read" error={error} />}
            {error && topology && <Note>The graph is stale: {error.message}. Trying again.</Note>}
            {problem && <Note>The graph could not be laid out: {problem}</Note>}
            {topology?.problems.map((one) => (
              <Note key={one}>{one}</Note>
            ))}
          </div>
          {!topology && !error && <Loading />}
          {graph && graph.items.length + graph.boxes.length === 0 && (
            <Empty title="No traffic yet">
              Nothing in the chosen namespaces is in the mesh, or nothing was called yet.{" "}
              <code>smm demoapp install</code> brings an application to try this with, and{" "}
              <code>smm demoapp load start</code> calls it.
            </Empty>
          )}
          {topology && (
            <Text size="xs" c="dimmed" className={classes.time}>
              {view.at ? "As it was at" : "As of"} {formatTime(topology.at)}
            </Text>
          )}
        </div>
        {selected && graph && (
          <SidePanel
            id={selected}
            graph={graph}
            addressHere={addressOf}
            close={() => select(undefined)}
            focus={setFocus}
          />
        )}
      </div>
    </div>
  );
}

function Note({ children }: { children: React.ReactNode }) {
  return (
    <Alert color="orange" variant="outline" p="xs" icon={<IconAlertTriangle />} role="status" className={classes.note}>
      {children}
    </Alert>
  );
}

/** Adds what was seen before, as long as the same part of the mesh is followed. */
function useRemembered(topology: Topology | undefined, scope: string, keep: boolean): Topology | undefined {
  const memory = useRef<{ scope: string; topology?: Topology }>({ scope });
  return useMemo(() => {
    if (memory.current.scope !== scope || !keep) {
      memory.current = { scope };
    }
    if (topology) {
      memory.current.topology = remember(memory.current.topology, topology);
    }
    return memory.current.topology;
  }, [topology, scope, keep]);
}

/** The nodes with a word in their name. */
function search(names: string, word: string): Set<string> {
  const part = word.trim().toLowerCase();
  const all = JSON.parse(names) as [string, string][];
  return new Set(part ? all.filter(([, name]) => name.toLowerCase().includes(part)).map(([id]) => id) : []);
}
