import { parse, stringify } from "yaml";

/** What a port of a service takes; DEFAULT is what holds for the namespace or the mesh. */
export const policies = ["DEFAULT", "STRICT", "PERMISSIVE", "DISABLE"] as const;
export type Policy = (typeof policies)[number];

interface Service {
  name: string;
  namespace: string;
  selector: { key: string; value: string }[];
}

interface Authentication {
  metadata?: { name?: string; namespace?: string };
  spec?: {
    selector?: { matchLabels?: Record<string, string> };
    mtls?: { mode?: string };
    portLevelMtls?: Record<string, { mode?: string }>;
  };
}

/** The port of the pods that a policy is about, which Istio knows by number only. */
export function policyPort({ number, targetPort }: { number: number; targetPort: string }): number | undefined {
  if (targetPort === "" || targetPort === "0") {
    return number;
  }
  return /^\d+$/.test(targetPort) ? Number(targetPort) : undefined;
}

/** Finds the PeerAuthentication that is about just the pods of a service. */
export function findPolicy<Resource extends { namespace: string | null; yaml: string }>(
  resources: Resource[],
  service: Service,
): Resource | undefined {
  const wanted = Object.fromEntries(service.selector.map(({ key, value }) => [key, value]));
  return resources.find((resource) => {
    const labels = (parse(resource.yaml) as Authentication).spec?.selector?.matchLabels ?? {};
    return resource.namespace === service.namespace && sameLabels(labels, wanted);
  });
}

function sameLabels(a: Record<string, string>, b: Record<string, string>): boolean {
  const keys = Object.keys(a);
  return keys.length > 0 && keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

/** Reads the policy of each port. */
export function readPolicies(yaml: string | undefined): Map<number, Policy> {
  const ports = yaml ? ((parse(yaml) as Authentication).spec?.portLevelMtls ?? {}) : {};
  return new Map(
    Object.entries(ports).map(([port, { mode }]) => [
      Number(port),
      policies.find((policy) => policy === mode) ?? "DEFAULT",
    ]),
  );
}

/** Writes policies into the PeerAuthentication, or a new one; undefined when it would say nothing any more. */
export function writePolicies(
  yaml: string | undefined,
  service: Service,
  wanted: Map<number, Policy>,
): string | undefined {
  const object = (yaml ? parse(yaml) : fresh(service)) as Authentication;
  const spec = object.spec ?? {};
  const ports = { ...spec.portLevelMtls };
  for (const [port, policy] of wanted) {
    if (policy === "DEFAULT") {
      delete ports[port];
    } else {
      ports[port] = { mode: policy };
    }
  }
  if (Object.keys(ports).length > 0) {
    spec.portLevelMtls = ports;
  } else {
    delete spec.portLevelMtls;
    if (!spec.mtls) {
      return undefined;
    }
  }
  return stringify({ ...object, spec });
}

function fresh({ name, namespace, selector }: Service) {
  return {
    apiVersion: "security.istio.io/v1",
    kind: "PeerAuthentication",
    metadata: { name, namespace },
    spec: { selector: { matchLabels: Object.fromEntries(selector.map(({ key, value }) => [key, value])) } },
  };
}
