import { expect, test } from "vitest";
import { keep, nodesOf } from "./flow";
import type { Graph, Item, Link, Traffic } from "./graph";
import type { Layout } from "./place";

const traffic = (requests: number, serverErrors = 0): Traffic => ({
  requests,
  clientErrors: 0,
  serverErrors,
  unanswered: 0,
  errorRate: 0,
  p50: null,
  p95: null,
  p99: null,
  connections: 0,
  sent: 0,
  received: 0,
  flags: [],
});

const item = (id: string, parent?: string): Item => ({
  id,
  kind: "WORKLOAD",
  label: id,
  detail: "v1",
  parent,
  virtualMachine: false,
  idle: false,
});

const graphOf = (requests: number, serverErrors = 0): Graph => ({
  boxes: [
    { id: "box:app:/c1/shop/movies", kind: "app", label: "movies", parent: "box:namespace:/c1/shop", folded: false },
    { id: "box:namespace:/c1/shop", kind: "namespace", label: "shop", folded: false },
  ],
  items: [item("catalog", "box:namespace:/c1/shop"), item("movies-v1", "box:app:/c1/shop/movies")],
  links: [
    { from: "catalog", to: "movies-v1", protocols: ["http"], id: "one", traffic: traffic(requests, serverErrors) },
  ] satisfies Link[],
});

const place = { x: 0, y: 0, width: 10, height: 10 };
const layout: Layout = {
  places: new Map(
    ["box:app:/c1/shop/movies", "box:namespace:/c1/shop", "catalog", "movies-v1"].map((id) => [id, place]),
  ),
  routes: new Map(),
};
const unmarked = { found: new Set<string>() };

test("a parent comes before its children, and boxes are below edges", () => {
  const nodes = nodesOf(graphOf(1), layout, unmarked);
  expect(nodes.map(({ id }) => id)).toEqual([
    "box:namespace:/c1/shop",
    "box:app:/c1/shop/movies",
    "catalog",
    "movies-v1",
  ]);
  expect(nodes.map(({ zIndex = 0 }) => Math.sign(zIndex))).toEqual([-1, -1, 1, 1]);
});

test("a node tells what it calls and whether it fails", () => {
  const wordsOf = (graph: Graph) => nodesOf(graph, layout, unmarked).map(({ ariaLabel }) => ariaLabel);
  expect(wordsOf(graphOf(1, 1)).slice(2)).toEqual([
    "workload catalog v1 calls movies-v1",
    "workload movies-v1 v1 failing",
  ]);
  expect(wordsOf(graphOf(0)).slice(2)).toEqual(["workload catalog v1", "workload movies-v1 v1"]);
});

test("nodes that look the same stay the same, others do not", () => {
  const known = nodesOf(graphOf(1), layout, unmarked);
  const busier = keep(known, nodesOf(graphOf(2), layout, unmarked));
  expect(busier.every((node, index) => node === known[index])).toBe(true);
  const failing = keep(known, nodesOf(graphOf(2, 1), layout, unmarked));
  expect(failing.map((node, index) => node === known[index])).toEqual([true, true, true, false]);
  const chosen = keep(known, nodesOf(graphOf(1), layout, { ...unmarked, selected: "catalog" }));
  expect(chosen.map((node, index) => node === known[index])).toEqual([true, true, false, true]);
});
