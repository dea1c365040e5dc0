import { graphql } from "../../api/generated";
import type { GatewayDetailsQuery } from "../../api/generated/graphql";
import { useAsk } from "../../api/queries";
import { Answer, Empty } from "../../elements/Answer";
import { type Column, DataTable } from "../../elements/DataTable";
import { Events } from "../../elements/Events";
import { Facts, Labels } from "../../elements/Facts";
import { CreateButton, EditButton } from "../../elements/LinkButton";
import { Metrics } from "../../elements/Metrics";
import { ObjectLink } from "../../elements/ObjectLink";
import { Page, Panel } from "../../elements/Page";
import { Status, toneOf } from "../../elements/Status";
import { Tabbed } from "../../elements/Tabbed";
import { useID } from "../../elements/useID";
import { YamlButton } from "../../elements/YamlButton";
import { formatID, parseID } from "../../view/id";
import { ServiceDetails } from "../services/ServiceDetails";
import { WorkloadDetails } from "../workloads/WorkloadDetails";
import { gatewayResources } from "./GatewaysPage";
import { RouteTable } from "./RouteTable";
import { type Entry, entriesOf, readGateways, readRoutes, routesOf } from "./routes";

const gatewayDetails = graphql(`
  query GatewayDetails($filter: Filter, $id: ID!) {
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
      controlPlane
      labels {
        key
        value
      }
      ports {
        name
        number
        targetPort
      }
    }
    resource(id: $id) {
      yaml
    }
  }
`);

type Gateway = GatewayDetailsQuery["gateways"][number];

/** One gateway: its ports and hosts, its routes, its deployment and its service. */
export function GatewayPage() {
  const id = useID();
  const { cluster, namespace, name } = parseID(id);
  const details = useAsk(gatewayDetails, { id, filter: { clusters: [cluster], namespaces: [namespace], name } });
  const gateway = details.data?.gateways.find((one) => one.id === id);
  const yaml = details.data?.resource?.yaml;
  return (
    <Page
      title={name}
      kind="Gateway"
      actions={
        gateway && (
          <>
            {yaml && <YamlButton title={name} text={yaml} />}
            <EditButton id={id} />
          </>
        )
      }
    >
      <Answer of={details} what="the gateway">
        {() =>
          gateway ? (
            <Tabbed
              tabs={[
                { value: "overview", title: "Overview", content: () => <Overview gateway={gateway} /> },
                { value: "routes", title: "Virtual services", content: () => <Routes gateway={gateway} /> },
                {
                  value: "deployment",
                  title: "Deployment",
                  content: () => (
                    <WorkloadDetails id={formatID({ kind: "deployment", group: "apps", cluster, namespace, name })} />
                  ),
                },
                {
                  value: "service",
                  title: "Service",
                  content: () => (
                    <ServiceDetails id={formatID({ kind: "service", group: "", cluster, namespace, name })} />
                  ),
                },
              ]}
            />
          ) : (
            <Empty title="This gateway is not there">It was deleted, or you may not see it.</Empty>
          )
        }
      </Answer>
    </Page>
  );
}

function Overview({ gateway }: { gateway: Gateway }) {
  const resources = useAsk(gatewayResources, {});
  return (
    <>
      <Panel>
        <Facts
          of={[
            [
              "Status",
              <Status key="status" tone={toneOf(gateway.status)}>
                {gateway.status || "Unknown"}
              </Status>,
            ],
            ["Why", gateway.message],
            ["Namespace", gateway.namespace],
            ["Cluster", gateway.cluster],
            ["Type", gateway.type],
            ["Service type", gateway.serviceType],
            ["Address", gateway.addresses.join(", ") || "none yet"],
            ["Control plane", gateway.controlPlane],
            ["Open ports", gateway.ports.map((port) => `${port.name} ${port.number} → ${port.targetPort}`).join(", ")],
            ["Labels", <Labels key="labels" of={gateway.labels} />],
          ]}
        />
      </Panel>
      <Panel title="Ports & hosts" flush actions={<CreateButton kind="gateway.networking.istio.io" />}>
        <Answer of={resources} what="the ports and hosts">
          {(data) => <Entries of={entriesOf(gateway, readGateways(data.resources.items))} />}
        </Answer>
      </Panel>
      <Metrics id={gateway.id} show={["requests", "errors", "latency"]} />
      <Events id={gateway.id} />
    </>
  );
}

const entryColumns: Column<Entry>[] = [
  { title: "Gateway", cell: ({ id, gateway }) => <ObjectLink id={id}>{gateway}</ObjectLink> },
  { title: "Namespace", cell: ({ namespace }) => namespace },
  { title: "Port", cell: ({ port }) => port },
  { title: "Protocol", cell: ({ protocol }) => protocol },
  { title: "Hosts", cell: ({ hosts }) => hosts.join(", ") },
  { title: "TLS", cell: ({ tls }) => tls },
];

function Entries({ of: entries }: { of: Entry[] }) {
  return (
    <DataTable
      rows={entries}
      columns={entryColumns}
      keyOf={({ id, port }) => `${id} ${port}`}
      none="No Gateway resource opens a port of it to hosts. Create one to let requests in."
    />
  );
}

function Routes({ gateway }: { gateway: Gateway }) {
  const resources = useAsk(gatewayResources, {});
  return (
    <Panel title="Virtual services" flush actions={<CreateButton kind="virtualservice.networking.istio.io" />}>
      <Answer of={resources} what="the virtual services">
        {({ resources: { items } }) => (
          <RouteTable
            routes={routesOf(entriesOf(gateway, readGateways(items)), readRoutes(items))}
            none="No virtual service routes requests of this gateway. Create one to lead them to a service."
          />
        )}
      </Answer>
    </Panel>
  );
}
