/** An object's ID in parts: `<kind>.<group>:<cluster>:<namespace>:<name>`. */
export interface ObjectID {
  kind: string;
  group: string;
  cluster: string;
  namespace: string;
  name: string;
}

export function parseID(id: string): ObjectID {
  const [key = "", cluster = "", namespace = "", ...name] = id.split(":");
  const dot = key.indexOf(".");
  return {
    kind: dot < 0 ? key : key.slice(0, dot),
    group: dot < 0 ? "" : key.slice(dot + 1),
    cluster,
    namespace,
    name: name.join(":"),
  };
}

export function formatID({ kind, group, cluster, namespace, name }: ObjectID): string {
  return `${group ? `${kind}.${group}` : kind}:${cluster}:${namespace}:${name}`.toLowerCase();
}

/** The ID of a node, which is in no namespace. */
export function nodeID(cluster: string, name: string): string {
  return formatID({ kind: "node", group: "", cluster, namespace: "", name });
}

const pages: Record<string, string> = {
  service: "services",
  pod: "pods",
  node: "nodes",
  istiomeshgateway: "gateways",
  istiocontrolplane: "mesh",
  workloadgroup: "workloads",
  workloadentry: "workloads",
};

/** The address of an object's page. Whatever has no page of its own is a workload or a resource. */
export function addressOf(id: string): string {
  const { kind, group, name } = parseID(id);
  if (kind === "namespace") {
    return `/mesh?namespace=${encodeURIComponent(name)}`; // where its injection is set
  }
  const page = pages[kind] ?? (group === "" || group === "apps" || group === "batch" ? "workloads" : "resources");
  return `/${page}/${encodeURIComponent(id)}`;
}
