import { keepPreviousData, QueryClient, useQuery } from "@tanstack/react-query";
import { ApiError, ask } from "./client";
import type { TypedDocumentString } from "./generated/graphql";

/** What makes an answer outdated: a change in the clusters, the passing of time, or nothing. */
export type Freshness = "inventory" | "metrics" | "fixed";

/** How often numbers that come from metrics are read anew, in milliseconds. */
const metricsInterval = 5_000;
/** How often the rest is read anew, should the stream of changes be silent. */
const inventoryInterval = 60_000;

const intervals: Record<Freshness, number | false> = {
  inventory: inventoryInterval,
  metrics: metricsInterval,
  fixed: false,
};

/** The key of an answer; its first part tells when the answer is outdated. */
export function keyOf<Data, Variables>(
  freshness: Freshness,
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
) {
  return [freshness, document.toString(), variables] as const;
}

export interface AskOptions {
  freshness?: Freshness;
  enabled?: boolean;
}

/** Asks the API and keeps the answer fresh. While another question is on its way, the last answer stays in sight. */
export function useAsk<Data, Variables>(
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
  { freshness = "inventory", enabled = true }: AskOptions = {},
) {
  return useQuery({
    queryKey: keyOf(freshness, document, variables),
    queryFn: ({ signal }) => ask(document, variables, signal),
    refetchInterval: intervals[freshness],
    placeholderData: keepPreviousData,
    enabled,
  });
}

/** Makes the store of answers. */
export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 2_000,
        retry: (failures, problem) => failures < 2 && problem instanceof ApiError && problem.kind === "unreachable",
        retryDelay: 1_000,
      },
    },
  });
}
