import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

const interval = 2_000;

/** A mesh of some size, with other numbers each time. */
function meshOf(nodes: number, edges: number, round: number) {
  const traffic = (seed: number) => ({
    requests: 1 + ((seed * 7 + round * 13) % 90),
    clientErrors: 0,
    serverErrors: seed % 40 === 0 ? 1 : 0,
    unanswered: 0,
    errorRate: seed % 40 === 0 ? 0.02 : 0,
    p50: 0.01,
    p95: 0.02 + (seed % 10) / 100,
    p99: 0.2,
    connections: 0,
    sent: 0,
    received: 0,
    flags: [],
  });
  return {
    at: new Date().toISOString(),
    problems: [],
    nodes: Array.from({ length: nodes }, (_, index) => ({
      id: `workload:c1:team-${index % 20}:service-${index}`,
      kind: "WORKLOAD",
      cluster: "c1",
      namespace: `team-${index % 20}`,
      name: `service-${index}`,
      app: `service-${index}`,
      version: "v1",
      clusters: ["c1"],
      objectID: null,
      virtualMachine: false,
      idle: false,
      services: [],
    })),
    // Mostly from a service to those after it, as in a mesh that has layers, and some back.
    edges: Array.from({ length: edges }, (_, index) => {
      const from = (index * 17) % nodes;
      const to = (from + 1 + ((index * 31) % 60)) % nodes;
      const id = (one: number) => `workload:c1:team-${one % 20}:service-${one}`;
      return {
        id: `${from}-${to}-${index}`,
        from: id(from),
        to: id(to),
        service: `service-${to}`,
        serviceNamespace: `team-${to % 20}`,
        protocol: "http",
        mutualTLS: 1,
        traffic: traffic(index),
      };
    }),
  };
}

/** Stands before a real server and answers for it only what is asked about the topology. */
export async function serveBigMesh(
  behind: string,
  nodes: number,
  edges: number,
): Promise<{ address: string; server: Server }> {
  const server = createServer((incoming, answer) => {
    const parts: Buffer[] = [];
    incoming.on("data", (part: Buffer) => parts.push(part));
    incoming.on("end", () => {
      const body = Buffer.concat(parts);
      if (body.includes("subscription TopologyNow")) {
        stream(answer, nodes, edges);
      } else {
        pass(behind, incoming, body, answer);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

function stream(answer: ServerResponse, nodes: number, edges: number) {
  answer.writeHead(200, { "Content-Type": "text/event-stream" });
  let round = 0;
  const tell = () => {
    answer.write(`event: next\ndata: ${JSON.stringify({ data: { topology: meshOf(nodes, edges, round++) } })}\n\n`);
  };
  tell();
  const timer = setInterval(tell, interval);
  answer.on("close", () => clearInterval(timer));
}

function pass(behind: string, incoming: IncomingMessage, body: Buffer, answer: ServerResponse) {
  const { host: _, ...headers } = incoming.headers;
  const target = new URL(incoming.url ?? "/", behind);
  const asked = request(target, { method: incoming.method, headers: { ...headers, origin: behind } }, (reply) => {
    answer.writeHead(reply.statusCode ?? 502, reply.headers);
    reply.pipe(answer);
  });
  asked.on("error", () => answer.destroy());
  answer.on("close", () => asked.destroy());
  asked.end(body);
}
