import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { graphql } from "../../api/generated";
import type { Filter } from "../../api/generated/graphql";
import { useAsk } from "../../api/queries";
import { Chart, type Line } from "../../elements/Chart";
import classes from "../../elements/Chart.module.css";
import { Panel } from "../../elements/Page";
import { formatRate, formatSeconds, formatShare } from "../../view/format";
import { useView } from "../../view/view";

const meshNow = graphql(`
  query MeshNow($filter: Filter) {
    numbers(filter: $filter) {
      requestsPerSecond
      p95
      errorRate
    }
  }
`);

interface Sample {
  time: string;
  requests: number | null;
  p95: number | null;
  errors: number | null;
}

/** How many samples the live charts keep: half an hour of one each five seconds. */
const kept = 360;
const keep = 30 * 60_000;

/** Gathers samples. They stay while other pages are looked at. */
function useSamples(filter: Filter, latest: Sample | undefined): Sample[] {
  const client = useQueryClient();
  const key = useMemo(() => ["samples", filter], [filter]);
  const { data } = useQuery<Sample[]>({
    queryKey: key,
    queryFn: () => [],
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: keep,
  });
  const time = latest?.time;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a sample is known by its time
  useEffect(() => {
    if (latest) {
      client.setQueryData<Sample[]>(key, (known = []) =>
        known.at(-1)?.time === latest.time ? known : [...known, latest].slice(-kept),
      );
    }
  }, [client, key, time]);
  return data ?? [];
}

/** Live charts of the mesh as a whole, from the moment on that the page is open. */
export function MeshCharts() {
  const { filter } = useView();
  const { data, dataUpdatedAt } = useAsk(meshNow, { filter }, { freshness: "metrics" });
  const samples = useSamples(
    filter,
    data && {
      time: new Date(dataUpdatedAt).toISOString(),
      requests: data.numbers.requestsPerSecond,
      p95: data.numbers.p95,
      errors: data.numbers.errorRate,
    },
  );
  const line = (pick: (sample: Sample) => number | null): Line[] => [
    { name: "mesh", points: samples.map((sample) => ({ time: sample.time, value: pick(sample) })) },
  ];
  return (
    <Panel title="Live">
      <div className={classes.charts}>
        <Chart title="Requests per second" lines={line(({ requests }) => requests)} format={formatRate} />
        <Chart title="Latency (95th percentile)" lines={line(({ p95 }) => p95)} format={formatSeconds} />
        <Chart title="Error rate (5xx)" lines={line(({ errors }) => errors)} format={formatShare} />
      </div>
    </Panel>
  );
}
