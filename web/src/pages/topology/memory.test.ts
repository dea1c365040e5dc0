import { expect, test } from "vitest";
import type { Topology } from "./graph";
import { remember } from "./memory";

const topology = (names: string[], edges: string[]): Topology =>
  ({
    at: "2026-01-01T00:00:00Z",
    problems: [],
    nodes: names.map((id) => ({ id, idle: false })),
    edges: edges.map((id) => ({ id, traffic: { requests: 1 }, mutualTLS: 1 })),
  }) as unknown as Topology;

test("what falls silent stays, without traffic", () => {
  const both = remember(topology(["a", "b"], ["ab"]), topology(["a", "c"], ["ac"]));
  expect(both.nodes.map(({ id, idle }) => [id, idle])).toEqual([
    ["a", false],
    ["b", true],
    ["c", false],
  ]);
  expect(both.edges.map(({ id, traffic, mutualTLS }) => [id, traffic.requests, mutualTLS])).toEqual([
    ["ab", 0, null],
    ["ac", 1, 1],
  ]);
});
