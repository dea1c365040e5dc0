import type { Graph, Item, Link } from "./graph";
import { type Layout, type Rectangle, sizeOf } from "./place";

const gap = { across: 26, down: 18 };
const padding = { top: 42, side: 16 };
const root = "";

/**
 * Lays a large graph out in time that grows with its size only: in each box, callers stand left of what they call, in
 * columns, and what has no order stands in a block. Edges are straight.
 */
export function gridLayout(graph: Graph): Layout {
  const children = new Map<string, string[]>([[root, []]]);
  const parents = new Map<string, string>();
  const sizes = new Map<string, { width: number; height: number }>();
  for (const box of graph.boxes) {
    children.set(box.id, []);
  }
  for (const one of [...graph.boxes, ...graph.items]) {
    parents.set(one.id, one.parent ?? root);
    children.get(one.parent ?? root)?.push(one.id);
    if (isItem(one) || one.folded) {
      sizes.set(one.id, sizeOf(one.label));
    }
  }
  const inner = linksByBox(graph.links, parents);
  const places = new Map<string, Rectangle>();
  const arrange = (box: string): { width: number; height: number } => {
    const members = children.get(box) ?? [];
    for (const member of members) {
      if (!sizes.has(member)) {
        sizes.set(member, arrange(member));
      }
    }
    return pack(columnsOf(members, inner.get(box) ?? []), sizes, box === root ? { top: 0, side: 0 } : padding, places);
  };
  arrange(root);
  return { places, routes: routesOf(graph.links, places, parents) };
}

function isItem(one: Graph["boxes"][number] | Item): one is Item {
  return !("folded" in one);
}

/** What each box sees of the links: those between two of its members. */
function linksByBox(links: Link[], parents: Map<string, string>): Map<string, [string, string][]> {
  const result = new Map<string, [string, string][]>();
  for (const { from, to } of links) {
    const ancestors = new Map<string, string>();
    for (let child = from, box = parents.get(from); box !== undefined; child = box, box = parents.get(box)) {
      ancestors.set(box, child);
    }
    for (let child = to, box = parents.get(to); box !== undefined; child = box, box = parents.get(box)) {
      const other = ancestors.get(box);
      if (other !== undefined) {
        if (other !== child) {
          result.set(box, [...(result.get(box) ?? []), [other, child]]);
        }
        break;
      }
    }
  }
  return result;
}

/** Members by their distance from those that nobody calls. Links back, in circles, are left out. */
function columnsOf(members: string[], links: [string, string][]): string[][] {
  const calls = new Map<string, string[]>();
  for (const [from, to] of links) {
    calls.set(from, [...(calls.get(from) ?? []), to]);
  }
  const order: string[] = [];
  const state = new Map<string, "open" | "done">();
  const forward = new Map<string, string[]>();
  const visit = (start: string) => {
    const stack = [{ id: start, next: 0 }];
    state.set(start, "open");
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const called = calls.get(top.id)?.[top.next++];
      if (called === undefined) {
        state.set(top.id, "done");
        order.push(top.id);
        stack.pop();
      } else if (state.get(called) !== "open") {
        forward.set(top.id, [...(forward.get(top.id) ?? []), called]);
        if (!state.has(called)) {
          state.set(called, "open");
          stack.push({ id: called, next: 0 });
        }
      }
    }
  };
  const called = new Set(links.map(([, to]) => to));
  for (const member of [...members.filter((id) => !called.has(id)), ...members]) {
    if (!state.has(member)) {
      visit(member);
    }
  }
  const depth = new Map<string, number>();
  for (const id of order.reverse()) {
    for (const to of forward.get(id) ?? []) {
      depth.set(to, Math.max(depth.get(to) ?? 0, (depth.get(id) ?? 0) + 1));
    }
  }
  const columns: string[][] = [];
  for (const member of members) {
    const index = depth.get(member) ?? 0;
    columns[index] = [...(columns[index] ?? []), member];
  }
  return columns.filter((column) => column.length > 0);
}

/** Places columns side by side; one that is much too long goes on in the next. */
function pack(
  columns: string[][],
  sizes: Map<string, { width: number; height: number }>,
  { top, side }: { top: number; side: number },
  places: Map<string, Rectangle>,
): { width: number; height: number } {
  const count = columns.reduce((sum, column) => sum + column.length, 0);
  const longest = Math.max(4, Math.ceil(Math.sqrt(count) * 1.5));
  let x = side;
  let bottom = top;
  for (const column of columns) {
    for (let start = 0; start < column.length; start += longest) {
      let y = top;
      let width = 0;
      for (const id of column.slice(start, start + longest)) {
        const size = sizes.get(id) ?? { width: 0, height: 0 };
        places.set(id, { x, y, ...size });
        y += size.height + gap.down;
        width = Math.max(width, size.width);
      }
      bottom = Math.max(bottom, y - gap.down);
      x += width + gap.across * (columns.length > 1 ? 3 : 1);
    }
  }
  return { width: Math.max(x - gap.across + side, 160), height: bottom + side };
}

function routesOf(links: Link[], places: Map<string, Rectangle>, parents: Map<string, string>): Layout["routes"] {
  const absolute = (id: string) => {
    const place = places.get(id);
    let { x = 0, y = 0 } = place ?? {};
    for (let box = parents.get(id); box; box = parents.get(box)) {
      x += places.get(box)?.x ?? 0;
      y += places.get(box)?.y ?? 0;
    }
    return { x, y, width: place?.width ?? 0, height: place?.height ?? 0 };
  };
  return new Map(
    links.map(({ id, from, to }) => {
      const a = absolute(from);
      const b = absolute(to);
      return [
        id,
        [
          { x: a.x + a.width, y: a.y + a.height / 2 },
          { x: b.x, y: b.y + b.height / 2 },
        ],
      ];
    }),
  );
}
