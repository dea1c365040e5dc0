import { graphql } from "../api/generated";
import type { MeshNumbersQuery } from "../api/generated/graphql";
import { useAsk } from "../api/queries";
import { formatCount, unknown } from "../view/format";
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
