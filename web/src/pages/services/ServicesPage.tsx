import { graphql } from "../../api/generated";
import type { ServiceListQuery } from "../../api/generated/graphql";
import { useAsk } from "../../api/queries";
import { Age } from "../../elements/Age";
import { Answer, Empty } from "../../elements/Answer";
import type { Column } from "../../elements/DataTable";
import { Grouped } from "../../elements/Grouped";
import { Health } from "../../elements/Health";
import { MeshNumbers } from "../../elements/MeshNumbers";
import { ObjectLink } from "../../elements/ObjectLink";
import { Page } from "../../elements/Page";
import { trafficColumns } from "../../elements/trafficColumns";
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

type Service = ServiceListQuery["services"]["items"][number];

const columns: Column<Service>[] = [
  { title: "Name", short: true, cell: ({ id, name }) => <ObjectLink id={id}>{name}</ObjectLink> },
  { title: "Type", cell: ({ type }) => type },
  { title: "Cluster IP", short: true, cell: ({ address }) => address ?? unknown },
  { title: "Ports", cell: ({ ports }) => ports.map(formatPort).join(", ") },
  { title: "Health", short: true, cell: ({ health }) => <Health of={health} /> },
  ...trafficColumns<Service>(),
  { title: "Mesh", short: true, cell: ({ inMesh }) => (inMesh ? "in the mesh" : "outside") },
  { title: "Age", short: true, cell: ({ created }) => <Age of={created} /> },
];

/** All services, by namespace. */
export function ServicesPage() {
  const { filter } = useView();
  const services = useAsk(serviceList, { filter });
  return (
    <Page title="Services">
      <MeshNumbers show={["requests", "latency", "errors", "clusters", "services", "pods"]} />
      <Answer of={services} what="the services">
        {({ services: { items, total } }) => (
          <Grouped
            rows={items}
            total={total}
            columns={columns}
            none={<Empty title="No services here">Choose other namespaces, or deploy something into these.</Empty>}
          />
        )}
      </Answer>
    </Page>
  );
}
