import { Table, Text } from "@mantine/core";
import type { ControlPlanesQuery, SyncState } from "../../api/generated/graphql";
import { ObjectLink } from "../../elements/ObjectLink";
import { Panel } from "../../elements/Page";
import { Status, type Tone } from "../../elements/Status";
import { unknown } from "../../view/format";

type Proxy = ControlPlanesQuery["controlPlanes"][number]["proxies"][number];

const states: Record<SyncState, { tone: Tone; text: string }> = {
  SYNCED: { tone: "good", text: "synced" },
  STALE: { tone: "warning", text: "stale" },
  NOT_SENT: { tone: "neutral", text: "not sent" },
  REJECTED: { tone: "bad", text: "rejected" },
  UNKNOWN: { tone: "neutral", text: "unknown" },
};

/** The proxies of a control plane, and how far each has its configuration. */
export function Proxies({ proxies }: { proxies: Proxy[] }) {
  return (
    <Panel title={`Proxies (${proxies.length})`} flush>
      {proxies.length === 0 ? (
        <Text size="sm" p="md" c="dimmed">
          No proxy is connected. Switch injection on for a namespace and restart its workloads.
        </Text>
      ) : (
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Proxy</Table.Th>
              <Table.Th>Namespace</Table.Th>
              <Table.Th>Version</Table.Th>
              <Table.Th>CDS</Table.Th>
              <Table.Th>LDS</Table.Th>
              <Table.Th>EDS</Table.Th>
              <Table.Th>RDS</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {proxies.map((proxy) => (
              <Table.Tr key={proxy.id}>
                <Table.Td>
                  {proxy.pod ? <ObjectLink id={proxy.id}>{proxy.name}</ObjectLink> : proxy.name}
                  {proxy.proxyless && (
                    <Text span size="xs" c="dimmed">
                      {" "}
                      proxyless
                    </Text>
                  )}
                  {proxy.problems.map((problem) => (
                    <Text key={problem} size="xs" c="var(--smm-bad)">
                      {problem}
                    </Text>
                  ))}
                </Table.Td>
                <Table.Td>{proxy.namespace}</Table.Td>
                <Table.Td>{proxy.version ?? unknown}</Table.Td>
                {[proxy.cds, proxy.lds, proxy.eds, proxy.rds].map((state, index) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: the four columns have no other name
                  <Table.Td key={index}>
                    <Status tone={states[state].tone}>{states[state].text}</Status>
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Panel>
  );
}
