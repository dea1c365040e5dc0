import type { Point } from "./place";

/** Something with a size, to be placed. */
export interface Block {
  id: string;
  width: number;
  height: number;
}

/** Where blocks are, and over which points the calls lead that pass by others. */
export interface Arrangement {
  places: Map<string, Point>;
  via: Map<string, Point[]>;
  width: number;
  height: number;
}

interface Cell extends Block {
  /** A call leads by here; it is no block. */
  passing: boolean;
  /** Its middle. */
  y: number;
  x: number;
  left: Cell[];
  right: Cell[];
}

export const gap = { across: 104, down: 20 };
const sweeps = 8;
/** How many points a call may pass by: beyond, nobody could follow it by eye. */
const longestCall = 12;
/** How much room a call takes that passes between blocks. */
const passage = 20;

/** What a call is known by in an arrangement. */
export const callOf = (from: string, to: string) => `${from} → ${to}`;

/**
 * Arranges blocks in layers, callers left of what they call (Sugiyama's method: layers, order by the middle of the
 * neighbours, then places near these). What neither calls nor is called stands below. Where blocks were before decides the
 * order to start from, so that little moves when one comes or goes.
 */
export function arrange(
  blocks: Block[],
  calls: [from: string, to: string][],
  before: Map<string, number>,
): Arrangement {
  const met = new Set(calls.flat());
  const connected = blocks.filter(({ id }) => met.has(id));
  const forward = withoutCircles(connected, calls);
  const layers = layersOf(connected, forward, before);
  const { cells, via } = connect(layers, forward);
  order(cells);
  const size = place(cells);
  const result: Arrangement = { places: new Map(), via: new Map(), ...size };
  for (const cell of cells.flat()) {
    result.places.set(cell.id, { x: cell.x, y: cell.y - cell.height / 2 });
  }
  for (const [call, passed] of via) {
    // Straight through each layer, so that nothing in it is touched.
    result.via.set(
      call,
      passed.flatMap(({ x, y, width }) => [
        { x, y },
        { x: x + width, y },
      ]),
    );
  }
  return below(
    result,
    blocks.filter(({ id }) => !met.has(id)),
  );
}

function byCaller(calls: [string, string][]): Map<string, [string, string][]> {
  const grouped = new Map<string, [string, string][]>();
  for (const call of calls) {
    const known = grouped.get(call[0]);
    if (known) {
      known.push(call);
    } else {
      grouped.set(call[0], [call]);
    }
  }
  return grouped;
}

/** The calls without those that lead back to where they came from. */
function withoutCircles(blocks: Block[], calls: [string, string][]): [string, string][] {
  const called = byCaller(calls);
  const targets = new Set(calls.map(([, to]) => to));
  const state = new Map<string, "open" | "done">();
  const forward: [string, string][] = [];
  const starts = [...blocks.filter(({ id }) => !targets.has(id)), ...blocks];
  for (const { id: start } of starts) {
    if (state.has(start)) {
      continue;
    }
    const stack = [{ id: start, next: 0 }];
    state.set(start, "open");
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const call = called.get(top.id)?.[top.next++];
      if (!call) {
        state.set(top.id, "done");
        stack.pop();
      } else if (state.get(call[1]) !== "open") {
        forward.push(call);
        if (!state.has(call[1])) {
          state.set(call[1], "open");
          stack.push({ id: call[1], next: 0 });
        }
      }
    }
  }
  return forward;
}

/** Each block right of all that call it; one that nobody calls stands close to what it calls. */
function layersOf(blocks: Block[], calls: [string, string][], before: Map<string, number>): Block[][] {
  const outgoing = byCaller(calls);
  const waiting = new Map(blocks.map(({ id }) => [id, 0]));
  for (const [, to] of calls) {
    waiting.set(to, (waiting.get(to) ?? 0) + 1);
  }
  const roots = blocks.filter(({ id }) => waiting.get(id) === 0).map(({ id }) => id);
  const depth = new Map(roots.map((id) => [id, 0]));
  const queue = [...roots];
  for (const id of queue) {
    for (const [, to] of outgoing.get(id) ?? []) {
      depth.set(to, Math.max(depth.get(to) ?? 0, (depth.get(id) ?? 0) + 1));
      const left = (waiting.get(to) ?? 1) - 1;
      waiting.set(to, left);
      if (left === 0) {
        queue.push(to);
      }
    }
  }
  for (const root of roots) {
    const nearest = Math.min(...(outgoing.get(root) ?? []).map(([, to]) => depth.get(to) ?? 1));
    depth.set(root, Math.max(0, nearest - 1));
  }
  const layers: Block[][] = [];
  for (const block of blocks) {
    const index = depth.get(block.id) ?? 0;
    layers[index] ??= [];
    layers[index].push(block);
  }
  const known = (id: string) => before.get(id) ?? Number.POSITIVE_INFINITY;
  return [...layers].map((layer = []) =>
    before.size > 0 ? layer.sort((a, b) => difference(known(a.id), known(b.id))) : layer,
  );
}

const difference = (a: number, b: number) => (a === b ? 0 : a - b);

/** Ties blocks of neighbouring layers to each other; a longer call gets a point in every layer that it passes. */
function connect(layers: Block[][], calls: [string, string][]): { cells: Cell[][]; via: Map<string, Cell[]> } {
  const cells = layers.map((layer) =>
    layer.map((block): Cell => ({ ...block, passing: false, x: 0, y: 0, left: [], right: [] })),
  );
  const placed = new Map(cells.flatMap((layer, index) => layer.map((cell) => [cell.id, { cell, index }] as const)));
  const via = new Map<string, Cell[]>();
  for (const [from, to] of calls) {
    const start = placed.get(from);
    const end = placed.get(to);
    if (!start || !end) {
      continue;
    }
    const passed: Cell[] = [];
    if (end.index - start.index <= longestCall) {
      for (let index = start.index + 1; index < end.index; index++) {
        const point: Cell = {
          id: `${callOf(from, to)} ${index}`,
          passing: true,
          width: 0,
          height: passage,
          x: 0,
          y: 0,
          left: [],
          right: [],
        };
        cells[index]?.push(point);
        passed.push(point);
      }
      via.set(callOf(from, to), passed);
      const chain = [start.cell, ...passed, end.cell];
      chain.slice(1).forEach((cell, index) => {
        const previous = chain[index];
        if (previous) {
          previous.right.push(cell);
          cell.left.push(previous);
        }
      });
    }
  }
  return { cells, via };
}

/** Orders each layer by the middle of its neighbours in the layer before, forth and back. */
function order(cells: Cell[][]) {
  for (const layer of cells) {
    number(layer);
  }
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const forth = sweep % 2 === 0;
    for (const layer of forth ? cells : cells.toReversed()) {
      const wanted = new Map(layer.map((cell) => [cell, middleOf(forth ? cell.left : cell.right) ?? cell.y]));
      layer.sort((a, b) => (wanted.get(a) ?? 0) - (wanted.get(b) ?? 0));
      number(layer);
    }
  }
}

function number(layer: Cell[]) {
  layer.forEach((cell, index) => {
    cell.y = index / layer.length;
  });
}

function middleOf(cells: Cell[]): number | undefined {
  return cells.length > 0 ? cells.reduce((sum, { y }) => sum + y, 0) / cells.length : undefined;
}

/** Gives every cell a place: its layer's column, and a height near that of its neighbours. */
function place(cells: Cell[][]): { width: number; height: number } {
  for (const layer of cells) {
    spread(
      layer,
      layer.map(() => 0),
    );
  }
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const forth = sweep % 2 === 0;
    for (const layer of forth ? cells : cells.toReversed()) {
      spread(
        layer,
        layer.map((cell) => middleOf(forth ? cell.left : cell.right) ?? cell.y),
      );
    }
  }
  const all = cells.flat();
  const top = all.reduce((least, { y, height }) => Math.min(least, y - height / 2), Number.POSITIVE_INFINITY);
  let x = 0;
  for (const layer of cells) {
    const width = layer.reduce((most, cell) => Math.max(most, cell.width), 0);
    for (const cell of layer) {
      if (cell.passing) {
        cell.width = width;
      }
      cell.x = x + (width - cell.width) / 2;
      cell.y -= top;
    }
    x += width + gap.across;
  }
  const bottom = all.reduce((most, { y, height }) => Math.max(most, y + height / 2), 0);
  return { width: Math.max(0, x - gap.across), height: bottom };
}

/** Moves cells close to where they want to be, in their order and apart from each other. */
function spread(layer: Cell[], wanted: number[]) {
  const apart = (index: number) => {
    const [a, b] = [layer[index], layer[index + 1]];
    return a && b ? (a.height + b.height) / 2 + (a.passing && b.passing ? passage : gap.down) : 0;
  };
  const down = [...wanted];
  const up = [...wanted];
  for (let index = 1; index < layer.length; index++) {
    down[index] = Math.max(down[index] ?? 0, (down[index - 1] ?? 0) + apart(index - 1));
  }
  for (let index = layer.length - 2; index >= 0; index--) {
    up[index] = Math.min(up[index] ?? 0, (up[index + 1] ?? 0) - apart(index));
  }
  layer.forEach((cell, index) => {
    cell.y = ((down[index] ?? 0) + (up[index] ?? 0)) / 2;
  });
}

/** Adds what has no calls, in a block of columns. */
function below(arrangement: Arrangement, alone: Block[]): Arrangement {
  if (alone.length === 0) {
    return arrangement;
  }
  const many = Math.max(4, Math.ceil(Math.sqrt(alone.length) * 1.5));
  const top = arrangement.height > 0 ? arrangement.height + 2 * gap.down : 0;
  let { width, height } = arrangement;
  let x = 0;
  for (let start = 0; start < alone.length; start += many) {
    const column = alone.slice(start, start + many);
    let y = top;
    for (const block of column) {
      arrangement.places.set(block.id, { x, y });
      y += block.height + gap.down;
    }
    const widest = column.reduce((most, block) => Math.max(most, block.width), 0);
    width = Math.max(width, x + widest);
    height = Math.max(height, y - gap.down);
    x += widest + gap.down * 1.5;
  }
  return { ...arrangement, width, height };
}
