import type { Graph } from "./graph";
import { type Arrangement, arrange, type Block, callOf } from "./layered";
import { type Layout, type Point, type Rectangle, sizeOf } from "./place";

/** What a layout is made of: a graph without its numbers. */
export interface Shape {
  boxes: { id: string; parent?: string; label: string; folded: boolean }[];
  items: { id: string; parent?: string; label: string }[];
  links: { id: string; from: string; to: string }[];
}

const root = "";
const padding = { top: 40, side: 16 };
const leastBox = 170;

/** The shape of a graph. While it is the same, the layout stays. */
export function shapeOf(graph: Graph): Shape {
  return {
    boxes: graph.boxes.map(({ id, parent, label, folded }) => ({ id, parent, label, folded })),
    items: graph.items.map(({ id, parent, label }) => ({ id, parent, label })),
    links: graph.links.map(({ id, from, to }) => ({ id, from, to })),
  };
}

/** Lays a graph out, boxes from the inside out. What was laid out before keeps its order. */
export function layoutOf(shape: Shape, before?: Layout): Layout {
  const tree = treeOf(shape);
  const wasAt = new Map([...(before?.places ?? [])].map(([id, { y }]) => [id, y]));
  const inner = linksByBox(shape.links, tree.parents);
  const places = new Map<string, Rectangle>();
  const arrangements = new Map<string, Arrangement>();
  const fill = (box: string): { width: number; height: number } => {
    const blocks = (tree.children.get(box) ?? []).map((id): Block => ({ id, ...(tree.sizes.get(id) ?? fill(id)) }));
    const calls = [
      ...new Map(
        (inner.get(box) ?? []).map(([from, to]) => [callOf(from, to), [from, to] as [string, string]]),
      ).values(),
    ];
    const arrangement = arrange(blocks, calls, wasAt);
    arrangements.set(box, arrangement);
    const { side, top } = box === root ? { side: 0, top: 0 } : padding;
    for (const { id, width, height } of blocks) {
      const { x, y } = arrangement.places.get(id) ?? { x: 0, y: 0 };
      places.set(id, { x: x + side, y: y + top, width, height });
    }
    return { width: Math.max(arrangement.width + 2 * side, leastBox), height: arrangement.height + top + side };
  };
  fill(root);
  return { places, routes: routesOf(shape.links, places, tree.parents, arrangements) };
}

function treeOf(shape: Shape) {
  const children = new Map<string, string[]>([[root, []]]);
  const parents = new Map<string, string>();
  const sizes = new Map<string, { width: number; height: number }>();
  for (const box of shape.boxes) {
    if (box.folded) {
      sizes.set(box.id, sizeOf(box.label));
    } else {
      children.set(box.id, []);
    }
  }
  for (const item of shape.items) {
    sizes.set(item.id, sizeOf(item.label));
  }
  for (const { id, parent = root } of [...shape.boxes, ...shape.items]) {
    parents.set(id, parent);
    children.get(parent)?.push(id);
  }
  return { children, parents, sizes };
}

/** The boxes that something is in, from the inside out, each with what of it contains that. */
function chainOf(id: string, parents: Map<string, string>): Map<string, string> {
  const chain = new Map<string, string>();
  for (let child = id, box = parents.get(id); box !== undefined; child = box, box = parents.get(box)) {
    chain.set(box, child);
  }
  return chain;
}

/** The innermost box that holds both ends of a link, and what of it holds each. */
function meeting(from: string, to: string, parents: Map<string, string>) {
  const other = chainOf(from, parents);
  for (const [box, child] of chainOf(to, parents)) {
    const near = other.get(box);
    if (near !== undefined) {
      return { box, from: near, to: child };
    }
  }
  return undefined;
}

/** What each box sees of the links: those between two that are in it. */
function linksByBox(links: Shape["links"], parents: Map<string, string>): Map<string, [string, string][]> {
  const seen = new Map<string, [string, string][]>();
  for (const link of links) {
    const met = meeting(link.from, link.to, parents);
    if (met && met.from !== met.to) {
      seen.set(met.box, seen.get(met.box) ?? []);
      seen.get(met.box)?.push([met.from, met.to]);
    }
  }
  return seen;
}

function routesOf(
  links: Shape["links"],
  places: Map<string, Rectangle>,
  parents: Map<string, string>,
  arrangements: Map<string, Arrangement>,
): Layout["routes"] {
  const origins = new Map<string, Point>([[root, { x: 0, y: 0 }]]);
  const originOf = (id: string): Point => {
    const known = origins.get(id);
    if (known) {
      return known;
    }
    const outer = originOf(parents.get(id) ?? root);
    const place = places.get(id) ?? { x: 0, y: 0 };
    const origin = { x: outer.x + place.x, y: outer.y + place.y };
    origins.set(id, origin);
    return origin;
  };
  const rectangle = (id: string): Rectangle => ({ ...(places.get(id) ?? { width: 0, height: 0 }), ...originOf(id) });
  return new Map(
    links.map(({ id, from, to }) => {
      const met = meeting(from, to, parents);
      const origin = met ? originOf(met.box) : { x: 0, y: 0 };
      const inset = met && met.box !== root ? padding : { side: 0, top: 0 };
      const via = (met && arrangements.get(met.box)?.via.get(callOf(met.from, met.to))) ?? [];
      const passed = via.map(({ x, y }) => ({ x: x + origin.x + inset.side, y: y + origin.y + inset.top }));
      return [id, routeOf(rectangle(from), passed, rectangle(to), from === to)];
    }),
  );
}

/** From the right side of one to the left side of the other; around them when it leads back. */
function routeOf(a: Rectangle, via: Point[], b: Rectangle, loop: boolean): Point[] {
  const start = { x: a.x + a.width, y: a.y + a.height / 2 };
  const end = { x: b.x, y: b.y + b.height / 2 };
  if (loop) {
    const above = a.y - 14;
    return [
      start,
      { x: start.x + 16, y: start.y },
      { x: start.x + 16, y: above },
      { x: a.x + a.width / 2, y: above },
      { x: a.x + a.width / 2, y: a.y },
    ];
  }
  if (end.x > start.x) {
    return [start, ...via, end];
  }
  const under = Math.max(a.y + a.height, b.y + b.height) + 12;
  return [start, { x: start.x + 18, y: under }, { x: end.x - 18, y: under }, end];
}
