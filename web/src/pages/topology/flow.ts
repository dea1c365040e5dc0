import type { Node } from "@xyflow/react";
import type { Box, Graph, Item } from "./graph";
import { conditionOf } from "./labels";
import type { Layout, Point, Rectangle } from "./place";

export type ItemNodeType = Node<{ item: Item; failing: boolean; found: boolean }, "item">;
export type BoxNodeType = Node<{ box: Box; failing: boolean }, "box">;
export type FlowNode = ItemNodeType | BoxNodeType;

/** What is marked in the graph. */
export interface Marks {
  selected?: string;
  /** Nodes whose name was searched for. */
  found: Set<string>;
}

/** Far enough below the edges, which are at zero, that boxes in boxes are there too. */
const lowest = -10;

/** What the graph is made of for the library that draws it, what is outside before what is in it. */
export function nodesOf(graph: Graph, layout: Layout, { selected, found }: Marks): FlowNode[] {
  const failing = new Set(graph.links.filter(({ traffic }) => traffic.serverErrors > 0).map(({ to }) => to));
  const depth = ({ id }: Box) => id.split("/").length;
  const boxes = [...graph.boxes].sort((a, b) => depth(a) - depth(b));
  const callees = calleesOf(graph);
  const nodes: FlowNode[] = [];
  const corners = new Map<string, Point>();
  const placeOf = ({ id, parent }: Box | Item): Rectangle | undefined => {
    const place = layout.places.get(id);
    const outer = corners.get(parent ?? "") ?? { x: 0, y: 0 };
    return place && { ...place, x: outer.x + place.x, y: outer.y + place.y };
  };
  for (const box of boxes) {
    const place = placeOf(box);
    if (place) {
      corners.set(box.id, place);
      nodes.push({
        id: box.id,
        type: "box",
        ...placed(place),
        selectable: false,
        focusable: false,
        zIndex: box.folded ? 1 : lowest + depth(box),
        data: { box, failing: failing.has(box.id) },
      });
    }
  }
  for (const item of graph.items) {
    const place = placeOf(item);
    if (place) {
      nodes.push({
        id: item.id,
        type: "item",
        ...placed(place),
        selected: item.id === selected,
        zIndex: 1,
        ariaLabel: inWords(item, failing.has(item.id), callees.get(item.id) ?? []),
        data: { item, failing: failing.has(item.id), found: found.has(item.id) },
      });
    }
  }
  return nodes;
}

/**
 * Browsers have little to do with what is placed so: nothing is left to measure, and no node has a transformation, which
 * would make it a layer of its own when the graph is moved.
 */
function placed({ x, y, width, height }: Rectangle) {
  return {
    position: { x, y },
    style: { transform: "none", left: x, top: y },
    width,
    height,
    measured: { width, height },
    handles: [],
  };
}

function calleesOf(graph: Graph): Map<string, string[]> {
  const names = new Map([...graph.boxes, ...graph.items].map(({ id, label }) => [id, label]));
  const callees = new Map<string, string[]>();
  for (const { from, to, traffic } of graph.links) {
    if (conditionOf(traffic) !== "quiet") {
      callees.set(from, [...(callees.get(from) ?? []), names.get(to) ?? to]);
    }
  }
  return callees;
}

/** What a node and the edges from it show, for those who do not see them. */
function inWords({ kind, label, detail, idle }: Item, failing: boolean, callees: string[]): string {
  const state = idle ? "silent" : failing ? "failing" : "";
  const calls = callees.length > 0 ? `calls ${callees.join(", ")}` : "";
  return [kind.toLowerCase().replaceAll("_", " "), label, detail, state, calls].filter(Boolean).join(" ");
}

/** Takes the nodes that look as they did from those known: of them, nothing needs to be drawn anew. */
export function keep(known: FlowNode[], latest: FlowNode[]): FlowNode[] {
  const looks = new Map(known.map((node) => [JSON.stringify(node), node]));
  return latest.map((node) => looks.get(JSON.stringify(node)) ?? node);
}
