import { Button, Table } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { Link } from "react-router";
import { graphql } from "../../api/generated";
import { useAsk } from "../../api/queries";
import { Answer, Empty } from "../../elements/Answer";
import { ObjectLink } from "../../elements/ObjectLink";
import { Page, Panel } from "../../elements/Page";
import { Status, toneOf } from "../../elements/Status";
import { TrafficCells, TrafficHeadings } from "../../elements/TrafficCells";
import { unknown } from "../../view/format";
import { useView } from "../../view/view";
import { entriesOf, readGateways, readRoutes, routesOf } from "./routes";

const gatewayList = graphql(`
  query GatewayList($filter: Filter) {
    gateways(filter: $filter) {
      id
      cluster
      namespace
      name
      type
      serviceType
      status
      message
      addresses
      labels {
        key
        value
      }
      traffic {
        ...TrafficParts
      }
      ports {
        name
        number
      }
    }
  }
`);

export const gatewayResources = graphql(`
  query GatewayResources {
    resources(kinds: ["gateway.networking.istio.io", "virtualservice.networking.istio.io"], first: 500) {
      items {
        id
        cluster
        namespace
        name
        kind
        yaml
      }
    }
  }
`);

const newGateway = "/resources/new?kind=istiomeshgateway.servicemesh.cisco.com";

/** The gateways that the product manages. */
export function GatewaysPage() {
  const { filter, within } = useView();
  const gateways = useAsk(gatewayList, { filter });
  const resources = useAsk(gatewayResources, {});
  const servers = readGateways(resources.data?.resources.items ?? []);
  const routes = readRoutes(resources.data?.resources.items ?? []);
  return (
    <Page
      title="Gateways"
      actions={
        <Button component={Link} to={within(newGateway)} size="xs" leftSection={<IconPlus size={14} />}>
          Create new
        </Button>
      }
    >
      <Panel flush>
        <Answer of={gateways} what="the gateways">
          {({ gateways: found }) =>
            found.length === 0 ? (
              <Empty title="No gateways here">
                Create an ingress gateway to let traffic into the mesh, or an egress gateway to let it out.
              </Empty>
            ) : (
              <Table>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>Name</Table.Th>
                    <Table.Th>Namespace</Table.Th>
                    <Table.Th>Cluster</Table.Th>
                    <Table.Th>Type</Table.Th>
                    <Table.Th>Open ports</Table.Th>
                    <Table.Th>Hosts</Table.Th>
                    <Table.Th>Routes</Table.Th>
                    <TrafficHeadings />
                    <Table.Th>Addresses</Table.Th>
                    <Table.Th>Status</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {found.map((gateway) => {
                    const entries = entriesOf(gateway, servers);
                    return (
                      <Table.Tr key={gateway.id}>
                        <Table.Td>
                          <ObjectLink id={gateway.id}>{gateway.name}</ObjectLink>
                        </Table.Td>
                        <Table.Td>{gateway.namespace}</Table.Td>
                        <Table.Td>{gateway.cluster}</Table.Td>
                        <Table.Td>{gateway.type}</Table.Td>
                        <Table.Td>{gateway.ports.map((port) => port.number).join(", ")}</Table.Td>
                        <Table.Td>
                          {resources.data ? new Set(entries.flatMap((entry) => entry.hosts)).size : unknown}
                        </Table.Td>
                        <Table.Td>{resources.data ? routesOf(entries, routes).length : unknown}</Table.Td>
                        <TrafficCells of={gateway.traffic} />
                        <Table.Td>{gateway.addresses.join(", ") || unknown}</Table.Td>
                        <Table.Td title={gateway.message ?? undefined}>
                          <Status tone={toneOf(gateway.status)}>{gateway.status || "Unknown"}</Status>
                        </Table.Td>
                      </Table.Tr>
                    );
                  })}
                </Table.Tbody>
              </Table>
            )
          }
        </Answer>
      </Panel>
    </Page>
  );
}
