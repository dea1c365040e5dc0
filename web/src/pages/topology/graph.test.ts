import { expect, test } from "vitest";
import { type Edge, graphOf, type Node, type Traffic } from "./graph";

const node = (name: string, app: string, more: Partial<Node> = {}): Node => ({
  id: name,
  kind: "WORKLOAD",
  cluster: "c1",
  namespace: "shop",
  name,
  app,
  version: "v1",
  clusters: ["c1"],
  objectID: `deployment.apps:c1:shop:${name}`,
  virtualMachine: false,
  idle: false,
  services: [`service:c1:shop:${app}`],
  ...more,
});

const traffic = (requests: number, serverErrors = 0, p95: number | null = null): Traffic => ({
  requests,
  clientErrors: 0,
  serverErrors,
  unanswered: 0,
  errorRate: requests ? serverErrors / requests : 0,
  p50: null,
  p95,
  p99: null,
  connections: 0,
  sent: 0,
  received: 0,
  flags: [],
});

const edge = (from: string, to: string, service: string, flow: Traffic, mutualTLS: number | null = 1): Edge => ({
  id: `${from}-${to}`,
  from,
  to,
  service,
  serviceNamespace: "shop",
  protocol: "http",
  traffic: flow,
  mutualTLS,
});

const topology = {
  nodes: [
    node("front", "front"),
    node("cart-v1", "cart"),
    node("cart-v2", "cart"),
    node("db", "db", { idle: true }),
    node("outside", "", { kind: "EXTERNAL", namespace: "", cluster: "" }),
  ],
  edges: [
    edge("front", "cart-v1", "cart", traffic(90, 0, 0.1)),
    edge("front", "cart-v2", "cart", traffic(10, 5, 0.3), 0),
    edge("cart-v1", "outside", "outside", traffic(1), null),
  ],
};

const plain = { boxes: [], services: false, folded: [] };

test("nodes are in the boxes that are asked for", () => {
  const { boxes, items } = graphOf(topology, { ...plain, boxes: ["cluster", "app"] });
  expect(boxes.map(({ id }) => id)).toEqual([
    "box:app:/c1/shop/cart",
    "box:app:/c1/shop/db",
    "box:app:/c1/shop/front",
    "box:cluster:/c1",
  ]);
  expect(items.find(({ id }) => id === "cart-v2")?.parent).toBe("box:app:/c1/shop/cart");
  expect(items.find(({ id }) => id === "outside")?.parent).toBeUndefined();
});

test("a folded box stands for what is in it", () => {
  const { items, links } = graphOf(topology, { boxes: ["app"], services: false, folded: ["box:app:/c1/shop/cart"] });
  expect(items.map(({ id }) => id)).toEqual(["db", "front", "outside"]);
  const joint = links.find(({ from }) => from === "front");
  expect(joint).toMatchObject({ to: "box:app:/c1/shop/cart", mutualTLS: 0.9 });
  expect(joint?.traffic).toMatchObject({ requests: 100, serverErrors: 5, errorRate: 0.05, p95: 0.3 });
});

test("services stand between callers and workloads", () => {
  const { items, links } = graphOf(topology, { ...plain, services: true });
  expect(items.find(({ kind }) => kind === "SERVICE")).toMatchObject({
    label: "cart",
    objectID: "service:c1:shop:cart",
  });
  const id = "service:c1:shop:cart";
  expect(links.filter(({ to }) => to === id).map(({ from, traffic: { requests } }) => [from, requests])).toEqual([
    ["front", 100],
  ]);
  expect(links.filter(({ from }) => from === id).map(({ to, traffic: { requests } }) => [to, requests])).toEqual([
    ["cart-v1", 90],
    ["cart-v2", 10],
  ]);
});

test("the focus keeps what leads to a node and what it leads to", () => {
  const { items } = graphOf(topology, { ...plain, focus: "cart-v1" });
  expect(items.map(({ id }) => id)).toEqual(["cart-v1", "front", "outside"]);
  expect(graphOf(topology, { ...plain, focus: "gone" }).items).toHaveLength(5);
});

test("what nobody reports stays unknown", () => {
  const { links } = graphOf(topology, plain);
  expect(links.find(({ to }) => to === "outside")?.mutualTLS).toBeUndefined();
});
