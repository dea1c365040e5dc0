import { Code, Stack } from "@mantine/core";
import { graphql } from "../../api/generated";
import type { ServiceDetailsQuery } from "../../api/generated/graphql";
import { useAsk } from "../../api/queries";
import { Age } from "../../elements/Age";
import { Answer, Empty } from "../../elements/Answer";
import { byID, type Column, DataTable } from "../../elements/DataTable";
import { Events } from "../../elements/Events";
import { Facts, Labels } from "../../elements/Facts";
import { Health } from "../../elements/Health";
import { Metrics } from "../../elements/Metrics";
import { ObjectLink } from "../../elements/ObjectLink";
import { Panel } from "../../elements/Page";
import { PodTable } from "../../elements/PodTable";
import { ToolLinks } from "../../elements/ToolLinks";
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

type Workload = NonNullable<ServiceDetailsQuery["service"]>["workloads"][number];

const workloadColumns: Column<Workload>[] = [
  { title: "Name", cell: ({ id, name }) => <ObjectLink id={id}>{name}</ObjectLink> },
  { title: "Version", cell: ({ version }) => version ?? unknown },
  { title: "Pods", cell: ({ readyPods, wantedPods }) => `${readyPods}/${wantedPods}` },
];

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
              <DataTable rows={found.workloads} columns={workloadColumns} keyOf={byID} none="Nothing runs behind it." />
            </Panel>
            <Panel title="Pods" flush>
              <PodTable pods={found.workloads.flatMap((workload) => workload.pods)} />
            </Panel>
            <ToolLinks id={id} app={found.selector.find(({ key }) => key === "app")?.value} />
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
