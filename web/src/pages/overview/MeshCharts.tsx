import { useEffect, useState } from "react";
import { graphql } from "../../api/generated";
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

/** Live charts of the mesh as a whole, from the moment on that the page is open. */
export function MeshCharts() {
  const { filter } = useView();
  const { data, dataUpdatedAt } = useAsk(meshNow, { filter }, { freshness: "metrics" });
  const [samples, setSamples] = useState<Sample[]>([]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another part of the mesh starts anew
  useEffect(() => setSamples([]), [filter]);
  useEffect(() => {
    if (data) {
      const { requestsPerSecond: requests, p95, errorRate: errors } = data.numbers;
      const sample = { time: new Date(dataUpdatedAt).toISOString(), requests, p95, errors };
      setSamples((known) => [...known, sample].slice(-kept));
    }
  }, [data, dataUpdatedAt]);
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
