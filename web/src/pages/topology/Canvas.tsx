import { useComputedColorScheme } from "@mantine/core";
import {
  Background,
  Controls,
  type Edge,
  type Node,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
  useStore,
} from "@xyflow/react";
import { useEffect, useMemo } from "react";
import "@xyflow/react/dist/style.css";
import classes from "./Canvas.module.css";
import type { Graph, Item } from "./graph";
import { conditionOf, type LabelKind, labelOf } from "./labels";
import { BoxNode, ItemNode } from "./nodes";
import type { Layout } from "./place";
import { RouteEdge } from "./RouteEdge";

/** Below, labels could not be read. */
const readableZoom = 0.45;

const nodeTypes = { item: ItemNode, box: BoxNode };
const edgeTypes = { route: RouteEdge };

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
  const nodes = useMemo(
    () => nodesOf(graph, layout, selected, found, onFold),
    [graph, layout, selected, found, onFold],
  );
  const readable = useStore(({ transform }) => transform[2] >= readableZoom);
  const shown = readable ? label : "none";
  const edges = useMemo(() => edgesOf(graph, layout, shown), [graph, layout, shown]);

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
    <ReactFlow
      className={classes.canvas}
      nodes={nodes}
      edges={edges}
      nodeTypes={nodeTypes}
      edgeTypes={edgeTypes}
      colorMode={scheme}
      nodesDraggable={false}
      nodesConnectable={false}
      edgesFocusable={false}
      elementsSelectable
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
      onlyRenderVisibleElements={graph.items.length > 150}
      proOptions={{ hideAttribution: true }}
      aria-label="The mesh as a graph"
    >
      <Background gap={24} />
      <Controls showInteractive={false} />
    </ReactFlow>
  );
}

function nodesOf(
  graph: Graph,
  layout: Layout,
  selected: string | undefined,
  found: Set<string>,
  onFold: (id: string) => void,
): Node[] {
  const inbound = new Map<string, { errors: number; requests: number; busy: boolean }>();
  for (const link of graph.links) {
    const known = inbound.get(link.to) ?? { errors: 0, requests: 0, busy: false };
    known.errors += link.traffic.serverErrors;
    known.requests += link.traffic.requests;
    known.busy ||= conditionOf(link.traffic) !== "quiet";
    inbound.set(link.to, known);
  }
  // A parent must come before its children.
  const boxes = [...graph.boxes].sort((a, b) => a.id.split("/").length - b.id.split("/").length);
  const placed: Node[] = [];
  for (const box of boxes) {
    const place = layout.places.get(box.id);
    if (place) {
      placed.push({
        id: box.id,
        type: "box",
        position: { x: place.x, y: place.y },
        width: place.width,
        height: place.height,
        parentId: layout.places.has(box.parent ?? "") ? box.parent : undefined,
        selectable: false,
        focusable: false,
        draggable: false,
        zIndex: box.folded ? 1 : -1,
        data: { box, failing: (inbound.get(box.id)?.errors ?? 0) > 0, fold: () => onFold(box.id) },
      });
    }
  }
  for (const item of graph.items) {
    const place = layout.places.get(item.id);
    if (place) {
      const failing = (inbound.get(item.id)?.errors ?? 0) > 0;
      placed.push({
        id: item.id,
        type: "item",
        position: { x: place.x, y: place.y },
        width: place.width,
        height: place.height,
        parentId: layout.places.has(item.parent ?? "") ? item.parent : undefined,
        selected: item.id === selected,
        zIndex: 1,
        ariaLabel: inWords(item, failing),
        data: { item, failing, found: found.has(item.id) },
      });
    }
  }
  return placed;
}

/** What a node shows, for those who do not see it. */
function inWords({ kind, label, detail, idle }: Item, failing: boolean): string {
  const state = idle ? "silent" : failing ? "failing" : "";
  return [kind.toLowerCase().replaceAll("_", " "), label, detail, state].filter(Boolean).join(" ");
}

function edgesOf(graph: Graph, layout: Layout, kind: LabelKind): Edge[] {
  return graph.links
    .filter((link) => (layout.routes.get(link.id)?.length ?? 0) > 1)
    .map((link) => ({
      id: link.id,
      source: link.from,
      target: link.to,
      type: "route",
      zIndex: 0,
      selectable: false,
      data: {
        points: layout.routes.get(link.id),
        condition: conditionOf(link.traffic),
        label: conditionOf(link.traffic) === "quiet" ? "" : labelOf(link, kind),
        lock: kind === "security" ? link.mutualTLS : undefined,
      },
    }));
}
