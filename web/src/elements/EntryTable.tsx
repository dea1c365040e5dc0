import { graphql } from "../api/generated";
import type { EntryRowFragment } from "../api/generated/graphql";
import { Age } from "./Age";
import { byID, type Column, DataTable } from "./DataTable";
import { EditButton } from "./LinkButton";
import { Status } from "./Status";

export const entryRow = graphql(`
  fragment EntryRow on WorkloadEntry {
    id
    name
    address
    network
    locality
    serviceAccount
    healthy
    created
  }
`);

/** What is known of a machine's application. */
function EntryHealth({ healthy }: Pick<EntryRowFragment, "healthy">) {
  if (healthy == null) {
    return "not checked";
  }
  return <Status tone={healthy ? "good" : "bad"}>{healthy ? "Healthy" : "Not healthy"}</Status>;
}

const columns: Column<EntryRowFragment>[] = [
  { title: "Name", cell: ({ name }) => name },
  { title: "Address", cell: ({ address }) => address },
  { title: "Network", cell: ({ network }) => network },
  { title: "Locality", cell: ({ locality }) => locality },
  { title: "Service account", cell: ({ serviceAccount }) => serviceAccount ?? "none: no proxy" },
  { title: "Health", cell: EntryHealth },
  { title: "Age", cell: ({ created }) => <Age of={created} /> },
  { title: "", right: true, cell: ({ id, name }) => <EditButton id={id} label={`Edit or delete ${name}`} compact /> },
];

/** The machines of a workload outside of Kubernetes. */
export function EntryTable({ entries }: { entries: EntryRowFragment[] }) {
  return (
    <DataTable rows={entries} columns={columns} keyOf={byID} none="There are no machines, or you may not list them." />
  );
}
