import { useComputedColorScheme } from "@mantine/core";
import { Controls, ReactFlow, ReactFlowProvider, useReactFlow, useStore } from "@xyflow/react";
import { useEffect, useMemo, useRef } from "react";
import "@xyflow/react/dist/style.css";
import classes from "./Canvas.module.css";
import { Edges } from "./Edges";
import { type FlowNode, keep, nodesOf } from "./flow";
import type { Graph } from "./graph";
import type { LabelKind } from "./labels";
import { BoxNode, FoldContext, ItemNode } from "./nodes";
import type { Layout } from "./place";

/** Below, nodes are too small for their names and icons, which are left out: browsers draw them slowly. */
const nearZoom = 0.3;

const nodeTypes = { item: ItemNode, box: BoxNode };

interface Props {
  graph: Graph;
  layout: Layout;
  label: LabelKind;
  selected?: string;
  /** Nodes whose name was searched for. */
  found: Set<string>;
  onSelect: (id: string | undefined) => void;
  onFold: (id: string) => void;
}

/** Draws a graph that is laid out. */
export function Canvas(props: Props) {
  return (
    <ReactFlowProvider>
      <Flow {...props} />
    </ReactFlowProvider>
  );
}

function Flow({ graph, layout, label, selected, found, onSelect, onFold }: Props) {
  const scheme = useComputedColorScheme("light");
  const { fitView } = useReactFlow();
  const far = useStore(({ transform }) => transform[2] < nearZoom);
  const canvas = useRef<HTMLDivElement>(null);
  const known = useRef<FlowNode[]>([]);
  const nodes = useMemo(() => {
    known.current = keep(known.current, nodesOf(graph, layout, { selected, found }));
    return known.current;
  }, [graph, layout, selected, found]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another layout is shown whole
  useEffect(() => {
    const frame = requestAnimationFrame(() => void fitView({ padding: 0.08, maxZoom: 1.1 }));
    return () => cancelAnimationFrame(frame);
  }, [layout, fitView]);

  useEffect(() => {
    if (found.size > 0) {
      void fitView({ nodes: [...found].map((id) => ({ id })), padding: 0.4, maxZoom: 1.1, duration: 200 });
    }
  }, [found, fitView]);

  return (
    <FoldContext value={onFold}>
      <ReactFlow
        ref={canvas}
        className={classes.canvas}
        data-far={far || undefined}
        nodes={nodes}
        nodeTypes={nodeTypes}
        zIndexMode="manual"
        colorMode={scheme}
        nodesDraggable={false}
        nodesConnectable={false}
        elementsSelectable
        onMoveStart={() => canvas.current?.toggleAttribute("data-moving", true)}
        onMoveEnd={() => canvas.current?.toggleAttribute("data-moving", false)}
        onNodeClick={(_, node) => node.type === "item" && onSelect(node.id)}
        onKeyDown={({ key, target }) => {
          const node = (target as HTMLElement).closest<HTMLElement>(".react-flow__node-item");
          if (key === "Enter" && node?.dataset.id) {
            onSelect(node.dataset.id);
          }
        }}
        onPaneClick={() => onSelect(undefined)}
        minZoom={0.05}
        maxZoom={2}
        onlyRenderVisibleElements={graph.items.length > 1000}
        proOptions={{ hideAttribution: true }}
        aria-label="The mesh as a graph"
      >
        <Controls showInteractive={false} />
        <Edges graph={graph} layout={layout} label={label} />
      </ReactFlow>
    </FoldContext>
  );
}
