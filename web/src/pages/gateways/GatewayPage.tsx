import { Button, Table, Tabs, Text } from "@mantine/core";
import { IconPencil, IconPlus } from "@tabler/icons-react";
import { Link, useSearchParams } from "react-router";
import { graphql } from "../../api/generated";
import type { GatewayDetailsQuery } from "../../api/generated/graphql";
import { useAsk } from "../../api/queries";
import { Answer, Empty } from "../../elements/Answer";
import { Events } from "../../elements/Events";
import { Facts, Labels } from "../../elements/Facts";
import { Metrics } from "../../elements/Metrics";
import { ObjectLink } from "../../elements/ObjectLink";
import { Page, Panel } from "../../elements/Page";
import { Status, toneOf } from "../../elements/Status";
import { useID } from "../../elements/useID";
import { YamlButton } from "../../elements/YamlButton";
import { formatID, parseID } from "../../view/id";
import { useView } from "../../view/view";
import { editAddress } from "../resources/ResourcesPage";
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
  const { within } = useView();
  const [search, setSearch] = useSearchParams();
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
            <Button
              component={Link}
              to={within(editAddress(id))}
              size="xs"
              variant="default"
              leftSection={<IconPencil size={14} />}
            >
              Edit or delete
            </Button>
          </>
        )
      }
    >
      <Answer of={details} what="the gateway">
        {() =>
          gateway ? (
            <Tabs
              keepMounted={false}
              value={search.get("tab") ?? "overview"}
              onChange={(tab) =>
                setSearch((current) => {
                  const next = new URLSearchParams(current);
                  next.set("tab", tab ?? "overview");
                  return next;
                })
              }
            >
              <Tabs.List mb="md">
                <Tabs.Tab value="overview">Overview</Tabs.Tab>
                <Tabs.Tab value="routes">Virtual services</Tabs.Tab>
                <Tabs.Tab value="deployment">Deployment</Tabs.Tab>
                <Tabs.Tab value="service">Service</Tabs.Tab>
              </Tabs.List>
              <Tabs.Panel value="overview">
                <Overview gateway={gateway} />
              </Tabs.Panel>
              <Tabs.Panel value="routes">
                <Routes gateway={gateway} />
              </Tabs.Panel>
              <Tabs.Panel value="deployment" className="stack">
                <WorkloadDetails id={formatID({ kind: "deployment", group: "apps", cluster, namespace, name })} />
              </Tabs.Panel>
              <Tabs.Panel value="service" className="stack">
                <ServiceDetails id={formatID({ kind: "service", group: "", cluster, namespace, name })} />
              </Tabs.Panel>
            </Tabs>
          ) : (
            <Empty title="This gateway is not there">It was deleted, or you may not see it.</Empty>
          )
        }
      </Answer>
    </Page>
  );
}

function Overview({ gateway }: { gateway: Gateway }) {
  const { within } = useView();
  const resources = useAsk(gatewayResources, {});
  return (
    <div className="stack">
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
      <Panel
        title="Ports & hosts"
        flush
        actions={
          <Button
            component={Link}
            to={within("/resources/new?kind=gateway.networking.istio.io")}
            size="xs"
            variant="default"
            leftSection={<IconPlus size={14} />}
          >
            Create new
          </Button>
        }
      >
        <Answer of={resources} what="the ports and hosts">
          {(data) => <Entries of={entriesOf(gateway, readGateways(data.resources.items))} />}
        </Answer>
      </Panel>
      <Metrics id={gateway.id} show={["requests", "errors", "latency"]} />
      <Events id={gateway.id} />
    </div>
  );
}

function Entries({ of: entries }: { of: Entry[] }) {
  if (entries.length === 0) {
    return (
      <Text size="sm" p="md" c="dimmed">
        No Gateway resource opens a port of it to hosts. Create one to let requests in.
      </Text>
    );
  }
  return (
    <Table>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Gateway</Table.Th>
          <Table.Th>Namespace</Table.Th>
          <Table.Th>Port</Table.Th>
          <Table.Th>Protocol</Table.Th>
          <Table.Th>Hosts</Table.Th>
          <Table.Th>TLS</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {entries.map((entry) => (
          <Table.Tr key={`${entry.id} ${entry.port}`}>
            <Table.Td>
              <ObjectLink id={entry.id}>{entry.gateway}</ObjectLink>
            </Table.Td>
            <Table.Td>{entry.namespace}</Table.Td>
            <Table.Td>{entry.port}</Table.Td>
            <Table.Td>{entry.protocol}</Table.Td>
            <Table.Td>{entry.hosts.join(", ")}</Table.Td>
            <Table.Td>{entry.tls}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function Routes({ gateway }: { gateway: Gateway }) {
  const { within } = useView();
  const resources = useAsk(gatewayResources, {});
  return (
    <Panel
      title="Virtual services"
      flush
      actions={
        <Button
          component={Link}
          to={within("/resources/new?kind=virtualservice.networking.istio.io")}
          size="xs"
          variant="default"
          leftSection={<IconPlus size={14} />}
        >
          Create new
        </Button>
      }
    >
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
