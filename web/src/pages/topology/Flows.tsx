import { type Column, DataTable } from "../../elements/DataTable";
import { Panel } from "../../elements/Page";
import { formatSeconds, formatShare } from "../../view/format";
import type { Graph, Item, Link } from "./graph";
import { conditionOf, labelOf } from "./labels";

interface Flow {
  link: Link;
  direction: string;
  other: string;
}

const columns = (names: Map<string, string>): Column<Flow>[] => [
  { title: "Peer", cell: ({ direction, other }) => `${direction} ${names.get(other) ?? other}` },
  { title: "Rate", cell: ({ link }) => labelOf(withoutErrors(link), "rate") },
  { title: "Errors", cell: ({ link }) => formatShare(link.traffic.errorRate) },
  { title: "P95", cell: ({ link }) => formatSeconds(link.traffic.p95) },
  { title: "Security", cell: ({ link }) => labelOf(link, "security") },
];

/** What comes in and what goes out of a node. */
export function Flows({ item, graph }: { item: Item; graph: Graph }) {
  const names = new Map([...graph.items, ...graph.boxes].map(({ id, label }) => [id, label]));
  const flowing = graph.links.filter((link) => conditionOf(link.traffic) !== "quiet");
  const rows = [
    ...flowing.filter((link) => link.to === item.id).map((link) => ({ link, direction: "from", other: link.from })),
    ...flowing.filter((link) => link.from === item.id).map((link) => ({ link, direction: "to", other: link.to })),
  ];
  if (rows.length === 0) {
    return null;
  }
  return (
    <Panel title="Traffic" flush>
      <DataTable
        small
        rows={rows}
        columns={columns(names)}
        keyOf={({ direction, link }) => `${direction} ${link.id}`}
      />
    </Panel>
  );
}

/** The errors have a column of their own. */
function withoutErrors(link: Link): Link {
  return { ...link, traffic: { ...link.traffic, errorRate: 0 } };
}
