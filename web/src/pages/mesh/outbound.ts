import { parse, stringify } from "yaml";

/** What a namespace's workloads may reach outside of the mesh; DEFAULT is what holds for the mesh. */
export const outboundModes = ["DEFAULT", "ALLOW_ANY", "REGISTRY_ONLY"] as const;
export type OutboundMode = (typeof outboundModes)[number];

interface Sidecar {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace: string };
  spec?: { workloadSelector?: unknown; outboundTrafficPolicy?: { mode?: string } & Record<string, unknown> } & Record<
    string,
    unknown
  >;
}

/** Finds the Sidecar that is for all workloads of a namespace. */
export function findSidecar<Resource extends { cluster: string; namespace: string | null; yaml: string }>(
  resources: Resource[],
  namespace: { cluster: string; name: string },
): Resource | undefined {
  return resources.find(
    (resource) =>
      resource.cluster === namespace.cluster &&
      resource.namespace === namespace.name &&
      !(parse(resource.yaml) as Sidecar).spec?.workloadSelector,
  );
}

/** Reads the mode of a Sidecar. */
export function readMode(yaml: string | undefined): OutboundMode {
  const mode = yaml ? (parse(yaml) as Sidecar).spec?.outboundTrafficPolicy?.mode : undefined;
  return outboundModes.find((known) => known === mode) ?? "DEFAULT";
}

/** Writes a mode into a Sidecar, or a new one; undefined when it would say nothing any more. */
export function writeMode(yaml: string | undefined, namespace: string, mode: OutboundMode): string | undefined {
  const sidecar: Sidecar = yaml
    ? parse(yaml)
    : { apiVersion: "networking.istio.io/v1", kind: "Sidecar", metadata: { name: "default", namespace } };
  const { outboundTrafficPolicy, ...rest } = sidecar.spec ?? {};
  if (mode !== "DEFAULT") {
    return stringify({ ...sidecar, spec: { ...rest, outboundTrafficPolicy: { ...outboundTrafficPolicy, mode } } });
  }
  return Object.keys(rest).length > 0 ? stringify({ ...sidecar, spec: rest }) : undefined;
}
