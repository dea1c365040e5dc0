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
import { TrafficCells, TrafficHeadings } from "../../elements/TrafficCells";
import { unknown } from "../../view/format";
import { useView } from "../../view/view";
import { formatPort } from "./ports";

const serviceList = graphql(`
  query ServiceList($filter: Filter) {
    services(filter: $filter, first: 500) {
      total
      items {
        id
        cluster
        namespace
        name
        type
        address
        inMesh
        created
        health {
          ...HealthParts
        }
        traffic {
          ...TrafficParts
        }
        ports {
          name
          number
          protocol
          targetPort
        }
      }
    }
  }
`);

/** All services, by namespace. */
export function ServicesPage() {
  const { filter } = useView();
  const services = useAsk(serviceList, { filter });
  return (
    <Page title="Services">
      <MeshNumbers show={["requests", "latency", "errors", "clusters", "services", "pods"]} />
      <Answer of={services} what="the services">
        {({ services: { items, total } }) =>
          items.length === 0 ? (
            <Empty title="No services here">Choose other namespaces, or deploy something into these.</Empty>
          ) : (
            <Grouped items={items} total={total}>
              {(members) => (
                <Table>
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th>Name</Table.Th>
                      <Table.Th>Type</Table.Th>
                      <Table.Th>Cluster IP</Table.Th>
                      <Table.Th>Ports</Table.Th>
                      <Table.Th>Health</Table.Th>
                      <TrafficHeadings />
                      <Table.Th>Mesh</Table.Th>
                      <Table.Th>Age</Table.Th>
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {members.map((service) => (
                      <Table.Tr key={service.id}>
                        <Table.Td>
                          <ObjectLink id={service.id}>{service.name}</ObjectLink>
                        </Table.Td>
                        <Table.Td>{service.type}</Table.Td>
                        <Table.Td>{service.address ?? unknown}</Table.Td>
                        <Table.Td>{service.ports.map(formatPort).join(", ")}</Table.Td>
                        <Table.Td>
                          <Health of={service.health} />
                        </Table.Td>
                        <TrafficCells of={service.traffic} />
                        <Table.Td>{service.inMesh ? "in the mesh" : "outside"}</Table.Td>
                        <Table.Td>
                          <Age of={service.created} />
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
