import type { Edge, Topology } from "./graph";

/**
 * Keeps nodes and edges that were seen before, without traffic, so that what falls silent for a while leaves its place
 * free and nothing jumps when it comes back.
 */
export function remember(known: Topology | undefined, latest: Topology): Topology {
  if (!known) {
    return latest;
  }
  const nodes = new Map(known.nodes.map((node) => [node.id, { ...node, idle: true }]));
  for (const node of latest.nodes) {
    nodes.set(node.id, node);
  }
  const edges = new Map<string, Edge>(
    known.edges.map((edge) => [edge.id, { ...edge, traffic: silent, mutualTLS: null }]),
  );
  for (const edge of latest.edges) {
    edges.set(edge.id, edge);
  }
  const byID = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
  return { ...latest, nodes: [...nodes.values()].sort(byID), edges: [...edges.values()].sort(byID) };
}

const silent: Edge["traffic"] = {
  requests: 0,
  clientErrors: 0,
  serverErrors: 0,
  unanswered: 0,
  errorRate: 0,
  p50: null,
  p95: null,
  p99: null,
  connections: 0,
  sent: 0,
  received: 0,
  flags: [],
};
