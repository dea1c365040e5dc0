import { Table, Text } from "@mantine/core";
import { parse } from "yaml";
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
  if (rules.length === 0) {
    return (
      <Text size="sm" p="md" c="dimmed">
        No destination rule says how it is called. Create one for subsets, load balancing or circuit breaking.
      </Text>
    );
  }
  return (
    <Table>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Destination rule</Table.Th>
          <Table.Th>Host</Table.Th>
          <Table.Th>Subsets</Table.Th>
          <Table.Th>Traffic policy</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rules.map(({ resource, spec }) => (
          <Table.Tr key={resource.id}>
            <Table.Td>
              <ObjectLink id={resource.id}>{resource.name}</ObjectLink>
            </Table.Td>
            <Table.Td>{spec.host}</Table.Td>
            <Table.Td>{spec.subsets?.map(({ name }) => name).join(", ") || "none"}</Table.Td>
            <Table.Td>{Object.keys(spec.trafficPolicy ?? {}).join(", ") || "none"}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
