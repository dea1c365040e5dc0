import { useEffect, useState } from "react";
import { graphql } from "../../api/generated";
import type { Filter } from "../../api/generated/graphql";
import { useAsk } from "../../api/queries";
import { subscribe } from "../../api/subscribe";
import type { Topology } from "./graph";

graphql(`
  fragment TopologyParts on Topology {
    at
    problems
    nodes {
      id
      kind
      cluster
      namespace
      name
      app
      version
      clusters
      objectID
      virtualMachine
      idle
      services
    }
    edges {
      id
      from
      to
      service
      serviceNamespace
      protocol
      mutualTLS
      traffic {
        ...TrafficParts
      }
    }
  }
`);

const past = graphql(`
  query Topology($filter: Filter, $at: String) {
    topology(filter: $filter, at: $at) {
      ...TopologyParts
    }
  }
`);

const now = graphql(`
  subscription TopologyNow($filter: Filter) {
    topology(filter: $filter, seconds: 5) {
      ...TopologyParts
    }
  }
`);

/** The graph as it is, following the mesh, or as it was at a past time. */
export function useTopology(filter: Filter, at: string | undefined) {
  const asked = useAsk(past, { filter, at: at ?? null }, { freshness: "fixed", enabled: at !== undefined });
  const [live, setLive] = useState<Topology>();
  const [problem, setProblem] = useState<Error>();
  useEffect(() => {
    if (at) {
      return;
    }
    setLive(undefined);
    setProblem(undefined);
    return subscribe(
      now,
      { filter },
      {
        next: ({ topology }) => setLive(topology),
        state: (failure) => setProblem(failure),
      },
    );
  }, [filter, at]);
  return at ? { topology: asked.data?.topology, error: asked.error ?? undefined } : { topology: live, error: problem };
}
