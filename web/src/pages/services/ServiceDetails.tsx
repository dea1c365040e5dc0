import { Code, Stack, Table } from "@mantine/core";
import { graphql } from "../../api/generated";
import { useAsk } from "../../api/queries";
import { Age } from "../../elements/Age";
import { Answer, Empty } from "../../elements/Answer";
import { Events } from "../../elements/Events";
import { Facts, Labels } from "../../elements/Facts";
import { Health } from "../../elements/Health";
import { Metrics } from "../../elements/Metrics";
import { ObjectLink } from "../../elements/ObjectLink";
import { Panel } from "../../elements/Page";
import { PodTable } from "../../elements/PodTable";
import { unknown } from "../../view/format";
import { formatPort } from "./ports";

const serviceDetails = graphql(`
  query ServiceDetails($id: ID!) {
    service(id: $id) {
      id
      cluster
      namespace
      name
      type
      address
      created
      inMesh
      ports {
        name
        number
        protocol
        targetPort
      }
      labels {
        key
        value
      }
      selector {
        key
        value
      }
      health {
        ...HealthParts
      }
      workloads {
        id
        name
        version
        readyPods
        wantedPods
        pods {
          ...PodRow
        }
      }
    }
  }
`);

/** A service, the workloads behind it and their pods. */
export function ServiceDetails({ id }: { id: string }) {
  const service = useAsk(serviceDetails, { id });
  return (
    <Answer of={service} what="the service">
      {({ service: found }) =>
        found ? (
          <>
            <Panel>
              <Facts
                of={[
                  ["Namespace", found.namespace],
                  ["Cluster", found.cluster],
                  ["Type", found.type],
                  ["Cluster IP", found.address ?? "none (headless)"],
                  [
                    "Ports",
                    <Stack key="ports" gap={0}>
                      {found.ports.map((port) => (
                        <Code key={port.number} bg="none" p={0}>
                          {formatPort(port)}
                        </Code>
                      ))}
                    </Stack>,
                  ],
                  ["Health", found.health && <Health key="health" of={found.health} />],
                  ["Mesh", found.inMesh ? "in the mesh" : "outside of the mesh"],
                  ["Created", <Age key="created" of={found.created} />],
                  ["Selector", <Labels key="selector" of={found.selector} />],
                  ["Labels", <Labels key="labels" of={found.labels} />],
                ]}
              />
            </Panel>
            <Panel title="Workloads" flush>
              <Table>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>Name</Table.Th>
                    <Table.Th>Version</Table.Th>
                    <Table.Th>Pods</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {found.workloads.map((workload) => (
                    <Table.Tr key={workload.id}>
                      <Table.Td>
                        <ObjectLink id={workload.id}>{workload.name}</ObjectLink>
                      </Table.Td>
                      <Table.Td>{workload.version ?? unknown}</Table.Td>
                      <Table.Td>
                        {workload.readyPods}/{workload.wantedPods}
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Panel>
            <Panel title="Pods" flush>
              <PodTable pods={found.workloads.flatMap((workload) => workload.pods)} />
            </Panel>
            <Metrics id={id} show={["requests", "errors", "latency", "bytes"]} />
            <Events id={id} />
          </>
        ) : (
          <Empty title="This service is not there">It was deleted, or you may not see it.</Empty>
        )
      }
    </Answer>
  );
}
