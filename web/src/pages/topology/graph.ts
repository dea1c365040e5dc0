import type { TopologyQuery } from "../../api/generated/graphql";

export type Topology = TopologyQuery["topology"];
export type Node = Topology["nodes"][number];
export type Edge = Topology["edges"][number];
export type Traffic = Edge["traffic"];

/** What nodes can be gathered in, from the outside in. */
export const boxKinds = ["cluster", "namespace", "app"] as const;
export type BoxKind = (typeof boxKinds)[number];

/** How the graph is to be drawn. */
export interface Drawing {
  boxes: BoxKind[];
  /** Draws services between callers and workloads. */
  services: boolean;
  /** IDs of boxes that are drawn as one node. */
  folded: string[];
  /** ID of a node: only it and what leads to it or from it is drawn. */
  focus?: string;
}

/** A box around nodes, or a folded one in their place. */
export interface Box {
  id: string;
  kind: BoxKind;
  label: string;
  parent?: string;
  folded: boolean;
}

export interface Item {
  id: string;
  kind: Node["kind"];
  label: string;
  detail: string;
  parent?: string;
  /** What a click on it opens. */
  objectID?: string;
  virtualMachine: boolean;
  idle: boolean;
}

export interface Link {
  id: string;
  from: string;
  to: string;
  protocols: string[];
  traffic: Traffic;
  /** Share with mutual TLS; undefined when nobody reports. */
  mutualTLS?: number;
}

export interface Graph {
  boxes: Box[];
  items: Item[];
  links: Link[];
}

/** Turns the API's answer into what is drawn. Everything is sorted, so that equal answers are laid out equally. */
export function graphOf(topology: Pick<Topology, "nodes" | "edges">, drawing: Drawing): Graph {
  const chains = new Map<string, Box[]>();
  const items: Item[] = topology.nodes.map((node) => {
    chains.set(node.id, chainOf(node, drawing.boxes, drawing.folded));
    return itemOf(node);
  });
  let links = topology.edges.map(linkOf);
  if (drawing.services) {
    const split = withServices(topology, links);
    links = split.links;
    for (const { item, place } of split.services) {
      chains.set(item.id, chainOf(place, drawing.boxes, drawing.folded));
      items.push(item);
    }
  }
  return focused(fold(items, links, chains), drawing.focus);
}

function itemOf(node: Node): Item {
  return {
    id: node.id,
    kind: node.kind,
    label: node.name,
    detail: node.version,
    objectID: node.objectID ?? undefined,
    virtualMachine: node.virtualMachine,
    idle: node.idle,
  };
}

function linkOf(edge: Edge): Link {
  return {
    id: edge.id,
    from: edge.from,
    to: edge.to,
    protocols: [edge.protocol],
    traffic: edge.traffic,
    mutualTLS: edge.mutualTLS ?? undefined,
  };
}

interface Place {
  cluster: string;
  namespace: string;
  app: string;
}

/** The boxes that a node is in, from the outside in. What has no namespace is in no box but its cluster's. */
function chainOf(place: Place, kinds: BoxKind[], folded: string[]): Box[] {
  const names: Record<BoxKind, string> = { cluster: place.cluster, namespace: place.namespace, app: place.app };
  const chain: Box[] = [];
  let path = "";
  for (const kind of boxKinds) {
    path += `/${names[kind]}`;
    if (kinds.includes(kind) && names[kind] && (kind !== "app" || place.namespace)) {
      const id = `box:${kind}:${path}`;
      chain.push({ id, kind, label: names[kind], parent: chain.at(-1)?.id, folded: folded.includes(id) });
    }
  }
  return chain;
}

/** Puts services between callers and workloads: each edge to a service becomes two. */
function withServices(topology: Pick<Topology, "nodes" | "edges">, links: Link[]) {
  const services = new Map<string, { item: Item; place: Place }>();
  const split: Link[] = [];
  topology.edges.forEach((edge, index) => {
    const link = links[index];
    if (!link) {
      return;
    }
    const to = topology.nodes.find((node) => node.id === edge.to);
    if (!edge.service || !to || !(to.kind === "WORKLOAD" || to.kind === "GATEWAY")) {
      split.push(link);
      return;
    }
    const namespace = edge.serviceNamespace ?? to.namespace;
    const id = `service:${to.cluster}:${namespace}:${edge.service}`;
    services.set(id, {
      item: {
        id,
        kind: "SERVICE",
        label: edge.service,
        detail: "",
        objectID: to.services.find((known) => known.endsWith(`:${edge.service}`)) ?? id,
        virtualMachine: false,
        idle: false,
      },
      place: { cluster: to.cluster, namespace, app: to.app },
    });
    split.push({ ...link, id: `${link.id}>`, to: id }, { ...link, id: `${link.id}<`, from: id });
  });
  return { services: [...services.values()], links: split };
}

/** Draws folded boxes instead of what is in them, and joins edges between the same two ends. */
function fold(items: Item[], links: Link[], chains: Map<string, Box[]>): Graph {
  const boxes = new Map<string, Box>();
  const shown: Item[] = [];
  const standsFor = new Map<string, string>();
  for (const item of items) {
    const chain = chains.get(item.id) ?? [];
    const outermost = chain.findIndex((box) => box.folded);
    const visible = outermost < 0 ? chain : chain.slice(0, outermost + 1);
    for (const box of visible) {
      boxes.set(box.id, box);
    }
    if (outermost < 0) {
      shown.push({ ...item, parent: chain.at(-1)?.id });
    }
    standsFor.set(item.id, visible[outermost]?.id ?? item.id);
  }
  const joined = new Map<string, Link>();
  for (const link of links) {
    const from = standsFor.get(link.from) ?? link.from;
    const to = standsFor.get(link.to) ?? link.to;
    if (from === to && from !== link.from) {
      continue; // inside of a folded box
    }
    const id = `${from} → ${to}`;
    const known = joined.get(id);
    joined.set(id, known ? join(known, link) : { ...link, id, from, to });
  }
  const byID = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
  return { boxes: [...boxes.values()].sort(byID), items: shown.sort(byID), links: [...joined.values()].sort(byID) };
}

/** Adds up two edges. A joint percentile cannot be known: the greater one is a bound. */
function join(a: Link, b: Link): Link {
  const weight = (link: Link) => link.traffic.requests + link.traffic.connections;
  const total = weight(a) + weight(b);
  let mutualTLS = a.mutualTLS ?? b.mutualTLS;
  if (a.mutualTLS !== undefined && b.mutualTLS !== undefined) {
    mutualTLS =
      total > 0 ? (a.mutualTLS * weight(a) + b.mutualTLS * weight(b)) / total : Math.min(a.mutualTLS, b.mutualTLS);
  }
  return {
    ...a,
    protocols: [...new Set([...a.protocols, ...b.protocols])].sort(),
    mutualTLS,
    traffic: sum(a.traffic, b.traffic),
  };
}

function sum(a: Traffic, b: Traffic): Traffic {
  const requests = a.requests + b.requests;
  const serverErrors = a.serverErrors + b.serverErrors;
  const greater = (x: number | null, y: number | null) => (x == null ? y : y == null ? x : Math.max(x, y));
  return {
    ...a,
    requests,
    serverErrors,
    clientErrors: a.clientErrors + b.clientErrors,
    unanswered: a.unanswered + b.unanswered,
    errorRate: requests > 0 ? serverErrors / requests : 0,
    p50: greater(a.p50, b.p50),
    p95: greater(a.p95, b.p95),
    p99: greater(a.p99, b.p99),
    connections: a.connections + b.connections,
    sent: a.sent + b.sent,
    received: a.received + b.received,
    flags: [...a.flags, ...b.flags],
  };
}

/** Keeps a node with all that leads to it and all that it leads to. */
function focused(graph: Graph, focus: string | undefined): Graph {
  const known = [...graph.items, ...graph.boxes.filter((box) => box.folded)].some(({ id }) => id === focus);
  if (!focus || !known) {
    return graph;
  }
  const kept = new Set([...reach(focus, graph.links, "to", "from"), ...reach(focus, graph.links, "from", "to")]);
  const items = graph.items.filter((item) => kept.has(item.id));
  const boxes = new Set<string>();
  const parents = new Map(graph.boxes.map((box) => [box.id, box]));
  for (const start of [
    ...items.map((item) => item.parent),
    ...graph.boxes.filter((box) => kept.has(box.id)).map((box) => box.id),
  ]) {
    for (
      let box = start ? parents.get(start) : undefined;
      box;
      box = box.parent ? parents.get(box.parent) : undefined
    ) {
      boxes.add(box.id);
    }
  }
  return {
    boxes: graph.boxes.filter((box) => boxes.has(box.id)),
    items,
    links: graph.links.filter((link) => kept.has(link.from) && kept.has(link.to)),
  };
}

function reach(start: string, links: Link[], near: "from" | "to", far: "from" | "to"): Set<string> {
  const found = new Set([start]);
  for (const id of found) {
    for (const link of links) {
      if (link[near] === id) {
        found.add(link[far]);
      }
    }
  }
  return found;
}
