import { graphql } from "../../api/generated";
import type { ClustersQuery } from "../../api/generated/graphql";
import { useAsk } from "../../api/queries";
import { Answer } from "../../elements/Answer";
import { type Column, DataTable } from "../../elements/DataTable";
import { Panel } from "../../elements/Page";
import { Status } from "../../elements/Status";
import { unknown } from "../../view/format";

const clusters = graphql(`
  query Clusters {
    clusters {
      name
      version
      reachable
      problem
    }
  }
`);

const columns: Column<ClustersQuery["clusters"][number]>[] = [
  { title: "Name", cell: ({ name }) => name },
  { title: "Kubernetes", cell: ({ version }) => version ?? unknown },
  {
    title: "State",
    cell: ({ reachable, problem }) => (
      <Status tone={reachable ? "good" : "bad"}>{problem ?? (reachable ? "Reachable" : "Not reachable")}</Status>
    ),
  },
];

/** The clusters, and whether they answer: no change in a cluster tells that, so it is asked for again and again. */
export function Clusters() {
  const answer = useAsk(clusters, {}, { freshness: "metrics" });
  return (
    <Panel title="Clusters" flush>
      <Answer of={answer} what="the clusters">
        {(data) => <DataTable rows={data.clusters} columns={columns} keyOf={({ name }) => name} />}
      </Answer>
    </Panel>
  );
}
