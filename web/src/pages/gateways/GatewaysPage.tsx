import { graphql } from "../../api/generated";
import type { GatewayListQuery } from "../../api/generated/graphql";
import { useAsk } from "../../api/queries";
import { Answer, Empty } from "../../elements/Answer";
import { byID, type Column, DataTable } from "../../elements/DataTable";
import { CreateButton } from "../../elements/LinkButton";
import { ObjectLink } from "../../elements/ObjectLink";
import { Page, Panel } from "../../elements/Page";
import { Status, toneOf } from "../../elements/Status";
import { trafficColumns } from "../../elements/trafficColumns";
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

type Gateway = GatewayListQuery["gateways"][number];

/** The gateways that the product manages. */
export function GatewaysPage() {
  const { filter } = useView();
  const gateways = useAsk(gatewayList, { filter });
  const resources = useAsk(gatewayResources, {});
  const servers = readGateways(resources.data?.resources.items ?? []);
  const routes = readRoutes(resources.data?.resources.items ?? []);
  const known = <Value,>(value: Value) => (resources.data ? value : unknown);
  const columns: Column<Gateway>[] = [
    { title: "Name", cell: ({ id, name }) => <ObjectLink id={id}>{name}</ObjectLink> },
    { title: "Namespace", cell: ({ namespace }) => namespace },
    { title: "Cluster", cell: ({ cluster }) => cluster },
    { title: "Type", cell: ({ type }) => type },
    { title: "Open ports", cell: ({ ports }) => ports.map(({ number }) => number).join(", ") },
    {
      title: "Hosts",
      right: true,
      cell: (gateway) => known(new Set(entriesOf(gateway, servers).flatMap(({ hosts }) => hosts)).size),
    },
    { title: "Routes", right: true, cell: (gateway) => known(routesOf(entriesOf(gateway, servers), routes).length) },
    ...trafficColumns<Gateway>(),
    { title: "Addresses", cell: ({ addresses }) => addresses.join(", ") || unknown },
    {
      title: "Status",
      cell: ({ status, message }) => (
        <span title={message ?? undefined}>
          <Status tone={toneOf(status)}>{status || "Unknown"}</Status>
        </span>
      ),
    },
  ];
  return (
    <Page title="Gateways" actions={<CreateButton to="/resources/new?kind=istiomeshgateway.servicemesh.cisco.com" />}>
      <Panel flush>
        <Answer of={gateways} what="the gateways">
          {({ gateways: found }) =>
            found.length === 0 ? (
              <Empty title="No gateways here">
                Create an ingress gateway to let traffic into the mesh, or an egress gateway to let it out.
              </Empty>
            ) : (
              <DataTable rows={found} columns={columns} keyOf={byID} />
            )
          }
        </Answer>
      </Panel>
    </Page>
  );
}
