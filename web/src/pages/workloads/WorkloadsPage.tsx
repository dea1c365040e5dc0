import { Table } from "@mantine/core";
import { graphql } from "../../api/generated";
import { useAsk } from "../../api/queries";
import { Age } from "../../elements/Age";
import { Answer, Empty } from "../../elements/Answer";
import { Grouped } from "../../elements/Grouped";
import { Health } from "../../elements/Health";
import { MeshNumbers } from "../../elements/MeshNumbers";
import { ObjectLink } from "../../elements/ObjectLink";
import { Page } from "../../elements/Page";
import { Status } from "../../elements/Status";
import { TrafficCells, TrafficHeadings } from "../../elements/TrafficCells";
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

/** All workloads, by namespace. */
export function WorkloadsPage() {
  const { filter } = useView();
  const workloads = useAsk(workloadList, { filter });
  return (
    <Page title="Workloads">
      <MeshNumbers show={["requests", "latency", "errors", "clusters", "workloads", "pods"]} />
      <Answer of={workloads} what="the workloads">
        {({ workloads: { items, total } }) =>
          items.length === 0 ? (
            <Empty title="No workloads here">Choose other namespaces, or deploy something into these.</Empty>
          ) : (
            <Grouped items={items} total={total}>
              {(members) => (
                <Table>
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th>Name</Table.Th>
                      <Table.Th>Kind</Table.Th>
                      <Table.Th>App</Table.Th>
                      <Table.Th>Version</Table.Th>
                      <Table.Th>Pods</Table.Th>
                      <Table.Th>Health</Table.Th>
                      <TrafficHeadings />
                      <Table.Th>Mesh</Table.Th>
                      <Table.Th>Age</Table.Th>
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {members.map((workload) => (
                      <Table.Tr key={workload.id}>
                        <Table.Td>
                          <ObjectLink id={workload.id}>{workload.name}</ObjectLink>
                        </Table.Td>
                        <Table.Td>{workload.kind}</Table.Td>
                        <Table.Td>{workload.app ?? unknown}</Table.Td>
                        <Table.Td>{workload.version ?? unknown}</Table.Td>
                        <Table.Td>
                          <Status tone={workload.readyPods < workload.wantedPods ? "warning" : "good"}>
                            {workload.readyPods}/{workload.wantedPods}
                          </Status>
                        </Table.Td>
                        <Table.Td>
                          <Health of={workload.health} />
                        </Table.Td>
                        <TrafficCells of={workload.traffic} />
                        <Table.Td>{workload.inMesh ? "in the mesh" : "outside"}</Table.Td>
                        <Table.Td>
                          <Age of={workload.created} />
                        </Table.Td>
                      </Table.Tr>
                    ))}
                  </Table.Tbody>
                </Table>
              )}
            </Grouped>
          )
        }
      </Answer>
    </Page>
  );
}
