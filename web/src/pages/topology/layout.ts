import ELK, { type ElkExtendedEdge, type ElkNode } from "elkjs/lib/elk-api";
import workerUrl from "elkjs/lib/elk-worker.min.js?url";
import type { Graph } from "./graph";
import { gridLayout } from "./grid";
import { type Layout, sizeOf } from "./place";

const root = "root";
const options = {
  "elk.algorithm": "layered",
  "elk.direction": "RIGHT",
  "elk.hierarchyHandling": "INCLUDE_CHILDREN",
  "elk.json.edgeCoords": "ROOT",
  "elk.edgeRouting": "POLYLINE",
  "elk.layered.considerModelOrder.strategy": "PREFER_NODES",
  "elk.layered.spacing.nodeNodeBetweenLayers": "110",
  "elk.spacing.nodeNode": "22",
  "elk.layered.spacing.edgeNodeBetweenLayers": "25",
  "elk.separateConnectedComponents": "true",
  "elk.spacing.componentComponent": "40",
};
const boxOptions = { "elk.padding": "[top=42,left=16,bottom=16,right=16]" };

/** What ELK lays out well in a second or two. Beyond, edges could not be followed by eye anyway. */
const most = { items: 120, links: 250 };

/** Where a graph's layout is made: off the main thread. */
export class Layouter {
  private readonly elk = new ELK({ workerUrl });

  async layout(graph: Graph): Promise<Layout> {
    if (graph.items.length > most.items || graph.links.length > most.links) {
      return gridLayout(graph);
    }
    const laidOut = await this.elk.layout(elkOf(graph));
    const result: Layout = { places: new Map(), routes: new Map() };
    collect(laidOut, result);
    return result;
  }

  stop() {
    this.elk.terminateWorker();
  }
}

/** What a layout depends on: it stays while only numbers change. */
export function shapeOf(graph: Graph): string {
  return JSON.stringify([
    graph.boxes.map(({ id, parent, folded }) => [id, parent, folded]),
    graph.items.map(({ id, parent, label }) => [id, parent, label]),
    graph.links.map(({ from, to }) => [from, to]),
  ]);
}

function elkOf(graph: Graph): ElkNode {
  const nodes = new Map<string, ElkNode>([[root, { id: root, layoutOptions: options, children: [] }]]);
  for (const box of graph.boxes) {
    nodes.set(box.id, {
      id: box.id,
      ...(box.folded ? sizeOf(box.label) : { layoutOptions: boxOptions, children: [] }),
    });
  }
  for (const item of graph.items) {
    nodes.set(item.id, { id: item.id, ...sizeOf(item.label) });
  }
  for (const { id, parent } of [...graph.boxes, ...graph.items]) {
    const node = nodes.get(id);
    if (node) {
      nodes.get(parent ?? root)?.children?.push(node);
    }
  }
  const edges: ElkExtendedEdge[] = graph.links
    .filter(({ from, to }) => nodes.has(from) && nodes.has(to))
    .map(({ id, from, to }) => ({ id, sources: [from], targets: [to] }));
  return { ...(nodes.get(root) as ElkNode), edges };
}

function collect(node: ElkNode, into: Layout) {
  if (node.id !== root) {
    into.places.set(node.id, { x: node.x ?? 0, y: node.y ?? 0, width: node.width ?? 0, height: node.height ?? 0 });
  }
  for (const edge of node.edges ?? []) {
    const points = (edge.sections ?? []).flatMap((section) => [
      section.startPoint,
      ...(section.bendPoints ?? []),
      section.endPoint,
    ]);
    into.routes.set(edge.id, points);
  }
  for (const child of node.children ?? []) {
    collect(child, into);
  }
}
