import { parse } from "yaml";
import { type Column, DataTable } from "../../elements/DataTable";
import { ObjectLink } from "../../elements/ObjectLink";
import { meansHost } from "./hosts";

interface Resource {
  id: string;
  namespace: string | null;
  name: string;
  kind: string;
  yaml: string;
}

interface Rule {
  host?: string;
  subsets?: { name: string }[];
  trafficPolicy?: Record<string, unknown>;
}

const columns: Column<{ resource: Resource; spec: Rule }>[] = [
  { title: "Destination rule", cell: ({ resource }) => <ObjectLink id={resource.id}>{resource.name}</ObjectLink> },
  { title: "Host", cell: ({ spec }) => spec.host },
  { title: "Subsets", cell: ({ spec }) => spec.subsets?.map(({ name }) => name).join(", ") || "none" },
  { title: "Traffic policy", cell: ({ spec }) => Object.keys(spec.trafficPolicy ?? {}).join(", ") || "none" },
];

/** The destination rules of a service: its subsets, and how it is called. */
export function DestinationRules({
  resources,
  service,
}: {
  resources: Resource[];
  service: { name: string; namespace: string };
}) {
  const rules = resources
    .filter(({ kind }) => kind === "DestinationRule")
    .map((resource) => ({ resource, spec: (parse(resource.yaml)?.spec ?? {}) as Rule }))
    .filter(({ resource, spec }) => meansHost(spec.host ?? "", resource.namespace ?? "", service));
  return (
    <DataTable
      rows={rules}
      columns={columns}
      keyOf={({ resource }) => resource.id}
      none="No destination rule says how it is called. Create one for subsets, load balancing or circuit breaking."
    />
  );
}
