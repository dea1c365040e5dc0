import { Button } from "@mantine/core";
import { IconFileText } from "@tabler/icons-react";
import { lazy, Suspense, useState } from "react";
import { graphql } from "../../api/generated";
import type { PodDetailsQuery } from "../../api/generated/graphql";
import { useAsk } from "../../api/queries";
import { Age } from "../../elements/Age";
import { Answer, Empty } from "../../elements/Answer";
import { type Column, DataTable } from "../../elements/DataTable";
import { Events } from "../../elements/Events";
import { Facts, Labels } from "../../elements/Facts";
import { Metrics } from "../../elements/Metrics";
import { ObjectLink } from "../../elements/ObjectLink";
import { Panel } from "../../elements/Page";
import { podState, proxyKind } from "../../elements/PodTable";
import { Status, toneOf } from "../../elements/Status";
import { nodeID } from "../../view/id";

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

type Container = NonNullable<PodDetailsQuery["pod"]>["containers"][number];

const containerColumns: Column<Container>[] = [
  { title: "Name", cell: ({ name }) => name },
  { title: "Image", cell: ({ image }) => <span className="breakable">{image}</span> },
  {
    title: "Status",
    cell: ({ state, reason }) => <Status tone={toneOf(reason ?? state)}>{reason ?? state}</Status>,
  },
];

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
                  ["Node", found.node && <ObjectLink key="node" id={nodeID(found.cluster, found.node)} />],
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
              <DataTable rows={found.containers} columns={containerColumns} keyOf={({ name }) => name} />
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
