import { graphql } from "../../api/generated";
import { useAsk } from "../../api/queries";
import { Answer } from "../../elements/Answer";
import { HealthPanel } from "../../elements/HealthPanel";
import { CreateButton } from "../../elements/LinkButton";
import { Page, Panel } from "../../elements/Page";
import { Tabbed } from "../../elements/Tabbed";
import { useID } from "../../elements/useID";
import { parseID } from "../../view/id";
import { RouteTable } from "../gateways/RouteTable";
import { readRoutes } from "../gateways/routes";
import { LoadButton } from "../load/LoadButton";
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
  return (
    <Page title={name} kind="Service" actions={<LoadButton service={id} />}>
      <Tabbed
        tabs={[
          { value: "overview", title: "Overview", content: () => <ServiceDetails id={id} /> },
          { value: "health", title: "Health", content: () => <HealthPanel id={id} /> },
          {
            value: "mtls",
            title: "MTLS policies",
            content: () => <MutualTLS id={id} cluster={cluster} namespace={namespace} />,
          },
          {
            value: "routes",
            title: "Virtual services",
            content: () => <Routing kind="virtualservice" cluster={cluster} namespace={namespace} name={name} />,
          },
          {
            value: "rules",
            title: "Destination rules",
            content: () => <Routing kind="destinationrule" cluster={cluster} namespace={namespace} name={name} />,
          },
        ]}
      />
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
  const answer = useAsk(routing, { clusters: [cluster] });
  return (
    <Panel
      title={kind === "virtualservice" ? "Virtual services" : "Destination rules"}
      flush
      actions={<CreateButton kind={`${kind}.networking.istio.io`} />}
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
