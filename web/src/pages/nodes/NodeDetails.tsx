import { graphql } from "../../api/generated";
import type { NodeDetailsQuery } from "../../api/generated/graphql";
import { useAsk } from "../../api/queries";
import { Age } from "../../elements/Age";
import { Answer, Empty } from "../../elements/Answer";
import { type Column, DataTable } from "../../elements/DataTable";
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

type Condition = NonNullable<NodeDetailsQuery["node"]>["conditions"][number];

const conditionColumns: Column<Condition>[] = [
  { title: "Condition", cell: ({ type }) => type },
  {
    title: "Status",
    // Ready should be true, each kind of pressure false.
    cell: ({ type, status }) => (
      <Status tone={(status === "True") === (type === "Ready") ? "good" : "bad"}>{status}</Status>
    ),
  },
  { title: "Reason", cell: ({ reason }) => reason },
  { title: "Message", cell: ({ message }) => message },
];

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
              <DataTable rows={found.conditions} columns={conditionColumns} keyOf={({ type }) => type} />
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
