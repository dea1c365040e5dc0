import { graphql } from "../api/generated";
import type { MeshNumbersQuery } from "../api/generated/graphql";
import { useAsk } from "../api/queries";
import { formatCount, formatRate, formatSeconds, formatShare, unknown } from "../view/format";
import { useView } from "../view/view";
import { Tile, Tiles } from "./Tile";

const meshNumbers = graphql(`
  query MeshNumbers($filter: Filter) {
    numbers(filter: $filter) {
      clusters
      services
      servicesInMesh
      workloads
      workloadsInMesh
      pods
      podsInMesh
      requestsPerSecond
      p95
      errorRate
      findings
    }
  }
`);

type Numbers = MeshNumbersQuery["numbers"];

interface Number {
  name: string;
  page?: string;
  detail?: string;
  value: (numbers: Numbers) => string;
}

const numbers = {
  requests: { name: "Requests per second", value: (n) => formatRate(n.requestsPerSecond) },
  latency: { name: "Latency", detail: "95th percentile", value: (n) => formatSeconds(n.p95) },
  errors: { name: "Error rate", detail: "answers with 5xx", value: (n) => formatShare(n.errorRate) },
  clusters: { name: "Clusters", page: "/mesh", value: (n) => formatCount(n.clusters) },
  services: {
    name: "Services",
    page: "/services",
    detail: "in the mesh / all",
    value: (n) => `${formatCount(n.servicesInMesh)} / ${formatCount(n.services)}`,
  },
  workloads: {
    name: "Workloads",
    page: "/workloads",
    detail: "in the mesh / all",
    value: (n) => `${formatCount(n.workloadsInMesh)} / ${formatCount(n.workloads)}`,
  },
  pods: {
    name: "Pods",
    detail: "in the mesh / all",
    value: (n) => `${formatCount(n.podsInMesh)} / ${formatCount(n.pods)}`,
  },
  findings: { name: "Validation issues", page: "/overview#findings", value: (n) => formatCount(n.findings) },
} satisfies Record<string, Number>;

export type NumberName = keyof typeof numbers;

/** The mesh in numbers: those that a page is about. */
export function MeshNumbers({ show }: { show: NumberName[] }) {
  const { filter, within } = useView();
  const { data } = useAsk(meshNumbers, { filter }, { freshness: "metrics" });
  return (
    <Tiles>
      {show.map((key) => {
        const { name, page, detail, value }: Number = numbers[key];
        return (
          <Tile
            key={key}
            name={name}
            value={data ? value(data.numbers) : unknown}
            detail={detail}
            to={page && within(page)}
          />
        );
      })}
    </Tiles>
  );
}
