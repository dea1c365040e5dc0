import { Table } from "@mantine/core";
import { Panel } from "../../elements/Page";
import { formatSeconds, formatShare } from "../../view/format";
import type { Graph, Item, Link } from "./graph";
import { conditionOf, labelOf } from "./labels";

/** What comes in and what goes out of a node. */
export function Flows({ item, graph }: { item: Item; graph: Graph }) {
  const names = new Map([...graph.items, ...graph.boxes].map(({ id, label }) => [id, label]));
  const flowing = graph.links.filter((link) => conditionOf(link.traffic) !== "quiet");
  const rows = [
    ...flowing.filter((link) => link.to === item.id).map((link) => ({ link, direction: "from", other: link.from })),
    ...flowing.filter((link) => link.from === item.id).map((link) => ({ link, direction: "to", other: link.to })),
  ];
  if (rows.length === 0) {
    return null;
  }
  return (
    <Panel title="Traffic" flush>
      <Table fz="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Peer</Table.Th>
            <Table.Th>Rate</Table.Th>
            <Table.Th>Errors</Table.Th>
            <Table.Th>P95</Table.Th>
            <Table.Th>Security</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map(({ link, direction, other }) => (
            <Table.Tr key={`${direction} ${link.id}`}>
              <Table.Td>
                {direction} {names.get(other) ?? other}
              </Table.Td>
              <Table.Td>{labelOf(withoutErrors(link), "rate")}</Table.Td>
              <Table.Td>{formatShare(link.traffic.errorRate)}</Table.Td>
              <Table.Td>{formatSeconds(link.traffic.p95)}</Table.Td>
              <Table.Td>{labelOf(link, "security")}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Panel>
  );
}

/** The errors have a column of their own. */
function withoutErrors(link: Link): Link {
  return { ...link, traffic: { ...link.traffic, errorRate: 0 } };
}
