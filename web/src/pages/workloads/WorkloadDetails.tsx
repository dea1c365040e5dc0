import { Text } from "@mantine/core";
import { graphql } from "../../api/generated";
import { useAsk } from "../../api/queries";
import { Age } from "../../elements/Age";
import { Answer, Empty } from "../../elements/Answer";
import { EntryTable } from "../../elements/EntryTable";
import { Events } from "../../elements/Events";
import { Facts, Labels } from "../../elements/Facts";
import { Health } from "../../elements/Health";
import { Metrics } from "../../elements/Metrics";
import { ObjectLink } from "../../elements/ObjectLink";
import { Panel } from "../../elements/Page";
import { PodTable } from "../../elements/PodTable";
import { ToolLinks } from "../../elements/ToolLinks";

const workloadDetails = graphql(`
  query WorkloadDetails($id: ID!) {
    workload(id: $id) {
      id
      cluster
      namespace
      name
      kind
      app
      version
      labels {
        key
        value
      }
      created
      inMesh
      wantedPods
      readyPods
      pods {
        ...PodRow
      }
      entries {
        ...EntryRow
      }
      health {
        ...HealthParts
      }
      services {
        id
        name
      }
    }
  }
`);

const isMachine = (kind: string) => kind === "WorkloadGroup" || kind === "WorkloadEntry";

/** A workload and what runs it. */
export function WorkloadDetails({ id }: { id: string }) {
  const workload = useAsk(workloadDetails, { id });
  return (
    <Answer of={workload} what="the workload">
      {({ workload: found }) =>
        found ? (
          <>
            <Panel>
              <Facts
                of={[
                  ["Namespace", found.namespace],
                  ["Cluster", found.cluster],
                  ["Kind", found.kind],
                  ["App", found.app],
                  ["Version", found.version],
                  ["Replicas", `${found.readyPods} of ${found.wantedPods} ready`],
                  ["Health", found.health && <Health key="health" of={found.health} />],
                  ["Mesh", found.inMesh ? "in the mesh" : "outside of the mesh"],
                  ["Created", <Age key="created" of={found.created} />],
                  ["Labels", <Labels key="labels" of={found.labels} />],
                ]}
              />
            </Panel>
            <Panel title="Services">
              {found.services.length === 0 ? (
                <Text size="sm" c="dimmed">
                  No service selects it.
                </Text>
              ) : (
                found.services.map((service) => (
                  <div key={service.id}>
                    <ObjectLink id={service.id}>{service.name}</ObjectLink>
                  </div>
                ))
              )}
            </Panel>
            {isMachine(found.kind) ? (
              <Panel title="Machines" flush>
                <EntryTable entries={found.entries} />
              </Panel>
            ) : (
              <Panel title="Pods" flush>
                <PodTable pods={found.pods} />
              </Panel>
            )}
            <ToolLinks id={id} app={found.app} />
            <Metrics id={id} show={["requests", "errors", "latency", "bytes", "cpu", "memory"]} />
            <Events id={id} />
          </>
        ) : (
          <Empty title="This workload is not there">It was deleted, or you may not see it.</Empty>
        )
      }
    </Answer>
  );
}
