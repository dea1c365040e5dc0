import { type Column, DataTable } from "../../elements/DataTable";
import { ObjectLink } from "../../elements/ObjectLink";
import type { Route } from "./routes";

const columns: Column<Route>[] = [
  { title: "Virtual service", cell: ({ id, name }) => <ObjectLink id={id}>{name}</ObjectLink> },
  { title: "Gateways", cell: ({ gateways }) => gateways.join(", ") },
  { title: "Hosts", cell: ({ hosts }) => hosts.join(", ") },
  { title: "Match", cell: ({ match }) => match },
  { title: "Destination", cell: ({ destination }) => destination },
  { title: "Actions", cell: ({ actions }) => actions },
  { title: "Protocol", cell: ({ protocol }) => protocol },
];

/** The rules of virtual services, in the order in which they are tried. */
export function RouteTable({ routes, none }: { routes: Route[]; none: string }) {
  // Rules have no names, and their order counts.
  const places = new Map(routes.map((route, index) => [route, index]));
  return (
    <DataTable rows={routes} columns={columns} keyOf={(route) => `${route.id} ${places.get(route)}`} none={none} />
  );
}
