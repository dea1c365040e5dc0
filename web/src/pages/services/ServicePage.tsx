import { Button, Tabs } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { Link, useSearchParams } from "react-router";
import { graphql } from "../../api/generated";
import { useAsk } from "../../api/queries";
import { Answer } from "../../elements/Answer";
import { Page, Panel } from "../../elements/Page";
import { useID } from "../../elements/useID";
import { parseID } from "../../view/id";
import { useView } from "../../view/view";
import { RouteTable } from "../gateways/RouteTable";
import { readRoutes } from "../gateways/routes";
import { DestinationRules } from "./DestinationRules";
import { meansHost } from "./hosts";
import { MutualTLS } from "./MutualTLS";
import { ServiceDetails } from "./ServiceDetails";

const routing = graphql(`
  query Routing($clusters: [String!]) {
    resources(
      kinds: ["virtualservice.networking.istio.io", "destinationrule.networking.istio.io"]
      filter: { clusters: $clusters }
      first: 500
    ) {
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

/** One service: what it is, who may call it how, and how its traffic is routed. */
export function ServicePage() {
  const id = useID();
  const { cluster, namespace, name } = parseID(id);
  const [search, setSearch] = useSearchParams();
  return (
    <Page title={name} kind="Service">
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
          <Tabs.Tab value="mtls">MTLS policies</Tabs.Tab>
          <Tabs.Tab value="routes">Virtual services</Tabs.Tab>
          <Tabs.Tab value="rules">Destination rules</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="overview" className="stack">
          <ServiceDetails id={id} />
        </Tabs.Panel>
        <Tabs.Panel value="mtls">
          <MutualTLS id={id} cluster={cluster} namespace={namespace} />
        </Tabs.Panel>
        <Tabs.Panel value="routes">
          <Routing kind="virtualservice" cluster={cluster} namespace={namespace} name={name} />
        </Tabs.Panel>
        <Tabs.Panel value="rules">
          <Routing kind="destinationrule" cluster={cluster} namespace={namespace} name={name} />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}

interface RoutingProps {
  kind: "virtualservice" | "destinationrule";
  cluster: string;
  namespace: string;
  name: string;
}

function Routing({ kind, cluster, namespace, name }: RoutingProps) {
  const { within } = useView();
  const answer = useAsk(routing, { clusters: [cluster] });
  return (
    <Panel
      title={kind === "virtualservice" ? "Virtual services" : "Destination rules"}
      flush
      actions={
        <Button
          component={Link}
          to={within(`/resources/new?kind=${kind}.networking.istio.io`)}
          size="xs"
          variant="default"
          leftSection={<IconPlus size={14} />}
        >
          Create new
        </Button>
      }
    >
      <Answer of={answer} what="the routing">
        {({ resources: { items } }) =>
          kind === "virtualservice" ? (
            <RouteTable
              routes={readRoutes(items).filter(({ hosts, namespace: own }) =>
                hosts.some((host) => meansHost(host, own, { name, namespace })),
              )}
              none="No virtual service routes the requests to it: they go to all of its pods."
            />
          ) : (
            <DestinationRules resources={items} service={{ name, namespace }} />
          )
        }
      </Answer>
    </Panel>
  );
}
