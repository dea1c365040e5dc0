import { parse } from "yaml";

interface Resource {
  id: string;
  cluster: string;
  namespace?: string | null;
  name: string;
  kind: string;
  yaml: string;
}

/** A port of a gateway with its hosts: one server of an Istio Gateway. */
export interface Entry {
  id: string;
  gateway: string;
  namespace: string;
  cluster: string;
  selector: Record<string, string>;
  port: number;
  protocol: string;
  hosts: string[];
  tls: string;
}

interface Server {
  port?: { number?: number; protocol?: string };
  hosts?: string[];
  tls?: { mode?: string; credentialName?: string; httpsRedirect?: boolean };
}

/** Reads the servers of Istio's Gateways. */
export function readGateways(resources: Resource[]): Entry[] {
  return resources
    .filter(({ kind }) => kind === "Gateway")
    .flatMap((resource) => {
      const spec = parse(resource.yaml)?.spec ?? {};
      return ((spec.servers ?? []) as Server[]).map((server) => ({
        id: resource.id,
        gateway: resource.name,
        namespace: resource.namespace ?? "",
        cluster: resource.cluster,
        selector: spec.selector ?? {},
        port: server.port?.number ?? 0,
        protocol: server.port?.protocol ?? "",
        hosts: server.hosts ?? [],
        tls: describeTLS(server.tls),
      }));
    });
}

function describeTLS(tls: Server["tls"]): string {
  if (!tls) {
    return "none";
  }
  if (tls.httpsRedirect) {
    return "redirects to HTTPS";
  }
  return [tls.mode ?? "PASSTHROUGH", tls.credentialName].filter(Boolean).join(", ");
}

/** One rule of a virtual service. */
export interface Route {
  id: string;
  name: string;
  namespace: string;
  cluster: string;
  gateways: string[];
  hosts: string[];
  protocol: "http" | "tcp" | "tls";
  match: string;
  destination: string;
  actions: string;
}

interface Rule {
  name?: string;
  match?: Record<string, unknown>[];
  route?: { destination?: { host?: string; subset?: string; port?: { number?: number } }; weight?: number }[];
  redirect?: unknown;
  delegate?: { name?: string; namespace?: string };
  directResponse?: { status?: number };
}

const actions = [
  "rewrite",
  "redirect",
  "directResponse",
  "fault",
  "timeout",
  "retries",
  "mirror",
  "corsPolicy",
  "headers",
];

/** Reads the rules of virtual services. */
export function readRoutes(resources: Resource[]): Route[] {
  return resources
    .filter(({ kind }) => kind === "VirtualService")
    .flatMap((resource) => {
      const spec = parse(resource.yaml)?.spec ?? {};
      return (["http", "tls", "tcp"] as const).flatMap((protocol) =>
        ((spec[protocol] ?? []) as Rule[]).map((rule) => ({
          id: resource.id,
          name: resource.name,
          namespace: resource.namespace ?? "",
          cluster: resource.cluster,
          gateways: (spec.gateways ?? ["mesh"]) as string[],
          hosts: (spec.hosts ?? []) as string[],
          protocol,
          match: (rule.match ?? []).map(describeMatch).join(" or ") || "any request",
          destination: describeDestination(rule),
          actions: actions.filter((action) => action in rule).join(", ") || "–",
        })),
      );
    });
}

function describeMatch(match: Record<string, unknown>): string {
  return Object.entries(match)
    .map(([field, value]) => {
      if (value === null || typeof value !== "object") {
        return `${field} ${String(value)}`;
      }
      const inner = Object.entries(value)
        .map(([how, what]) => `${how} ${typeof what === "object" ? JSON.stringify(what) : String(what)}`)
        .join(", ");
      return `${field} ${inner}`;
    })
    .join(" and ");
}

function describeDestination(rule: Rule): string {
  if (rule.delegate) {
    return `delegate ${rule.delegate.namespace ? `${rule.delegate.namespace}/` : ""}${rule.delegate.name ?? ""}`;
  }
  if (rule.directResponse) {
    return `status ${rule.directResponse.status ?? ""}`;
  }
  const several = (rule.route?.length ?? 0) > 1;
  return (
    (rule.route ?? [])
      .map(({ destination, weight }) => {
        const subset = destination?.subset ? ` (${destination.subset})` : "";
        const port = destination?.port?.number ? `:${destination.port.number}` : "";
        return `${destination?.host ?? ""}${port}${subset}${several ? ` ${weight ?? 0}%` : ""}`;
      })
      .join(", ") || "–"
  );
}

/** The entries that are for a gateway's pods. */
export function entriesOf(
  gateway: { cluster: string; labels: { key: string; value: string }[] },
  entries: Entry[],
): Entry[] {
  const labels = Object.fromEntries(gateway.labels.map(({ key, value }) => [key, value]));
  return entries.filter(
    (entry) =>
      entry.cluster === gateway.cluster &&
      Object.keys(entry.selector).length > 0 &&
      Object.entries(entry.selector).every(([key, value]) => labels[key] === value),
  );
}

/** The rules that are bound to one of the entries. */
export function routesOf(entries: Entry[], routes: Route[]): Route[] {
  return routes.filter((route) =>
    entries.some(
      (entry) =>
        entry.cluster === route.cluster &&
        route.gateways.some((name) =>
          name.includes("/")
            ? name === `${entry.namespace}/${entry.gateway}`
            : name === entry.gateway && route.namespace === entry.namespace,
        ),
    ),
  );
}
