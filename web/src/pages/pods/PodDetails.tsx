import { Button, Table } from "@mantine/core";
import { IconFileText } from "@tabler/icons-react";
import { lazy, Suspense, useState } from "react";
import { graphql } from "../../api/generated";
import { useAsk } from "../../api/queries";
import { Age } from "../../elements/Age";
import { Answer, Empty } from "../../elements/Answer";
import { Events } from "../../elements/Events";
import { Facts, Labels } from "../../elements/Facts";
import { Metrics } from "../../elements/Metrics";
import { ObjectLink } from "../../elements/ObjectLink";
import { Panel } from "../../elements/Page";
import { podState, proxyKind } from "../../elements/PodTable";
import { Status, toneOf } from "../../elements/Status";
import { formatID } from "../../view/id";

const PodLogs = lazy(async () => ({ default: (await import("./PodLogs")).PodLogs }));

const podDetails = graphql(`
  query PodDetails($id: ID!) {
    pod(id: $id) {
      id
      cluster
      namespace
      name
      node
      address
      phase
      ready
      restarts
      created
      revision
      proxyless
      labels {
        key
        value
      }
      workload {
        id
        name
      }
      containers {
        name
        image
        ready
        state
        reason
      }
    }
  }
`);

/** A pod with its containers, and their logs on demand. */
export function PodDetails({ id }: { id: string }) {
  const pod = useAsk(podDetails, { id });
  const [logs, setLogs] = useState(false);
  return (
    <Answer of={pod} what="the pod">
      {({ pod: found }) =>
        found ? (
          <>
            <Panel
              actions={
                <Button
                  size="xs"
                  variant="default"
                  leftSection={<IconFileText size={14} />}
                  onClick={() => setLogs(!logs)}
                  aria-expanded={logs}
                >
                  {logs ? "Hide logs" : "Show pod logs"}
                </Button>
              }
            >
              <Facts
                of={[
                  [
                    "Status",
                    <Status key="state" tone={toneOf(podState(found))}>
                      {podState(found)}
                    </Status>,
                  ],
                  ["Namespace", found.namespace],
                  ["Cluster", found.cluster],
                  ["Workload", found.workload && <ObjectLink id={found.workload.id}>{found.workload.name}</ObjectLink>],
                  [
                    "Node",
                    found.node && (
                      <ObjectLink
                        id={formatID({
                          kind: "node",
                          group: "",
                          cluster: found.cluster,
                          namespace: "",
                          name: found.node,
                        })}
                      />
                    ),
                  ],
                  ["IP", found.address],
                  ["Proxy", proxyKind(found)],
                  ["Restarts", found.restarts],
                  ["Started", <Age key="started" of={found.created} />],
                  ["Labels", <Labels key="labels" of={found.labels} />],
                ]}
              />
            </Panel>
            {logs && (
              <Suspense>
                <PodLogs id={id} containers={found.containers.map((container) => container.name)} />
              </Suspense>
            )}
            <Panel title="Containers" flush>
              <Table>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>Name</Table.Th>
                    <Table.Th>Image</Table.Th>
                    <Table.Th>Status</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {found.containers.map((container) => (
                    <Table.Tr key={container.name}>
                      <Table.Td>{container.name}</Table.Td>
                      <Table.Td style={{ overflowWrap: "anywhere" }}>{container.image}</Table.Td>
                      <Table.Td>
                        <Status tone={toneOf(container.reason ?? container.state)}>
                          {container.reason ?? container.state}
                        </Status>
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Panel>
            <Metrics id={id} show={["cpu", "memory", "throttled"]} />
            <Events id={id} />
          </>
        ) : (
          <Empty title="This pod is not there any more">Its workload may run another one instead.</Empty>
        )
      }
    </Answer>
  );
}
