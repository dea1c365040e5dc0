import { graphql } from "../../api/generated";
import type { WorkloadListQuery } from "../../api/generated/graphql";
import { useAsk } from "../../api/queries";
import { Age } from "../../elements/Age";
import { Answer, Empty } from "../../elements/Answer";
import type { Column } from "../../elements/DataTable";
import { Grouped } from "../../elements/Grouped";
import { Health } from "../../elements/Health";
import { MeshNumbers } from "../../elements/MeshNumbers";
import { ObjectLink } from "../../elements/ObjectLink";
import { Page } from "../../elements/Page";
import { Status } from "../../elements/Status";
import { trafficColumns } from "../../elements/trafficColumns";
import { unknown } from "../../view/format";
import { useView } from "../../view/view";

const workloadList = graphql(`
  query WorkloadList($filter: Filter) {
    workloads(filter: $filter, first: 500) {
      total
      items {
        id
        cluster
        namespace
        name
        kind
        app
        version
        inMesh
        wantedPods
        readyPods
        created
        health {
          ...HealthParts
        }
        traffic {
          ...TrafficParts
        }
      }
    }
  }
`);

type Workload = WorkloadListQuery["workloads"]["items"][number];

const columns: Column<Workload>[] = [
  { title: "Name", short: true, cell: ({ id, name }) => <ObjectLink id={id}>{name}</ObjectLink> },
  { title: "Kind", cell: ({ kind }) => kind },
  { title: "App", cell: ({ app }) => app ?? unknown },
  { title: "Version", cell: ({ version }) => version ?? unknown },
  {
    title: "Pods",
    cell: ({ readyPods, wantedPods }) => (
      <Status tone={readyPods < wantedPods ? "warning" : "good"}>
        {readyPods}/{wantedPods}
      </Status>
    ),
  },
  { title: "Health", short: true, cell: ({ health }) => <Health of={health} /> },
  ...trafficColumns<Workload>(),
  { title: "Mesh", short: true, cell: ({ inMesh }) => (inMesh ? "in the mesh" : "outside") },
  { title: "Age", short: true, cell: ({ created }) => <Age of={created} /> },
];

/** All workloads, by namespace. */
export function WorkloadsPage() {
  const { filter } = useView();
  const workloads = useAsk(workloadList, { filter });
  return (
    <Page title="Workloads">
      <MeshNumbers show={["requests", "latency", "errors", "clusters", "workloads", "pods"]} />
      <Answer of={workloads} what="the workloads">
        {({ workloads: { items, total } }) => (
          <Grouped
            rows={items}
            total={total}
            columns={columns}
            none={<Empty title="No workloads here">Choose other namespaces, or deploy something into these.</Empty>}
          />
        )}
      </Answer>
    </Page>
  );
}
