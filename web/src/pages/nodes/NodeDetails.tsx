import { Table } from "@mantine/core";
import { graphql } from "../../api/generated";
import { useAsk } from "../../api/queries";
import { Age } from "../../elements/Age";
import { Answer, Empty } from "../../elements/Answer";
import { Events } from "../../elements/Events";
import { Facts, Labels } from "../../elements/Facts";
import { Panel } from "../../elements/Page";
import { PodTable } from "../../elements/PodTable";
import { Status } from "../../elements/Status";
import { formatBytes, formatNumber } from "../../view/format";

const nodeDetails = graphql(`
  query NodeDetails($id: ID!) {
    node(id: $id) {
      id
      cluster
      name
      ready
      version
      region
      zone
      operatingSystem
      cpu
      memory
      created
      taints
      labels {
        key
        value
      }
      conditions {
        type
        status
        reason
        message
      }
      pods {
        ...PodRow
      }
    }
  }
`);

/** A node: the deepest layer of the drill-down. */
export function NodeDetails({ id }: { id: string }) {
  const node = useAsk(nodeDetails, { id });
  return (
    <Answer of={node} what="the node">
      {({ node: found }) =>
        found ? (
          <>
            <Panel>
              <Facts
                of={[
                  [
                    "Status",
                    <Status key="ready" tone={found.ready ? "good" : "bad"}>
                      {found.ready ? "Ready" : "Not ready"}
                    </Status>,
                  ],
                  ["Cluster", found.cluster],
                  ["OS", found.operatingSystem],
                  ["Kubernetes", found.version],
                  ["Region", found.region],
                  ["Zone", found.zone],
                  ["CPUs for pods", formatNumber(found.cpu)],
                  ["Memory for pods", formatBytes(found.memory)],
                  ["Started", <Age key="started" of={found.created} />],
                  ["Taints", found.taints.length ? found.taints.join(", ") : "none"],
                  ["Labels", <Labels key="labels" of={found.labels} />],
                ]}
              />
            </Panel>
            <Panel title="Conditions" flush>
              <Table>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>Condition</Table.Th>
                    <Table.Th>Status</Table.Th>
                    <Table.Th>Reason</Table.Th>
                    <Table.Th>Message</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {found.conditions.map(({ type, status, reason, message }) => (
                    <Table.Tr key={type}>
                      <Table.Td>{type}</Table.Td>
                      <Table.Td>
                        {/* Ready should be true, each kind of pressure false. */}
                        <Status tone={(status === "True") === (type === "Ready") ? "good" : "bad"}>{status}</Status>
                      </Table.Td>
                      <Table.Td>{reason}</Table.Td>
                      <Table.Td>{message}</Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Panel>
            <Panel title="Pods" flush>
              <PodTable pods={found.pods} />
            </Panel>
            <Events id={id} />
          </>
        ) : (
          <Empty title="This node is not there">It left the cluster.</Empty>
        )
      }
    </Answer>
  );
}
