import { Table, Text } from "@mantine/core";
import { ObjectLink } from "../../elements/ObjectLink";
import type { Route } from "./routes";

/** The rules of virtual services, in the order in which they are tried. */
export function RouteTable({ routes, none }: { routes: Route[]; none: string }) {
  if (routes.length === 0) {
    return (
      <Text size="sm" p="md" c="dimmed">
        {none}
      </Text>
    );
  }
  return (
    <Table>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Virtual service</Table.Th>
          <Table.Th>Gateways</Table.Th>
          <Table.Th>Hosts</Table.Th>
          <Table.Th>Match</Table.Th>
          <Table.Th>Destination</Table.Th>
          <Table.Th>Actions</Table.Th>
          <Table.Th>Protocol</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {routes.map((route, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: rules have no names, and their order counts
          <Table.Tr key={`${route.id} ${index}`}>
            <Table.Td>
              <ObjectLink id={route.id}>{route.name}</ObjectLink>
            </Table.Td>
            <Table.Td>{route.gateways.join(", ")}</Table.Td>
            <Table.Td>{route.hosts.join(", ")}</Table.Td>
            <Table.Td>{route.match}</Table.Td>
            <Table.Td>{route.destination}</Table.Td>
            <Table.Td>{route.actions}</Table.Td>
            <Table.Td>{route.protocol}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
