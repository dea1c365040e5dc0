import { useQuery } from "@tanstack/react-query";
import { ask } from "../api/client";
import { graphql } from "../api/generated";
import type { Measure, SeriesOfQuery } from "../api/generated/graphql";
import { formatBytes, formatNumber, formatRate, formatSeconds, formatShare, unknown } from "../view/format";
import { useView } from "../view/view";
import { Answer } from "./Answer";
import { Chart } from "./Chart";
import classes from "./Chart.module.css";
import { Panel } from "./Page";

const seriesOf = graphql(`
  query SeriesOf($id: ID!, $measures: [Measure!]!, $from: String!, $to: String!) {
    series(id: $id, measures: $measures, from: $from, to: $to) {
      measure
      unit
      points {
        time
        value
      }
    }
  }
`);

type Series = SeriesOfQuery["series"];

interface Definition {
  title: string;
  measures: Measure[];
  format: (value: number | null | undefined) => string;
}

const formatCPU = (value: number | null | undefined) => (value == null ? unknown : `${formatNumber(value)} CPU`);
const formatFlow = (value: number | null | undefined) => (value == null ? unknown : `${formatBytes(value)}/s`);

const definitions = {
  requests: { title: "Requests per second", measures: ["REQUESTS"], format: formatRate },
  errors: { title: "Error rate (5xx)", measures: ["ERROR_RATE"], format: formatShare },
  latency: { title: "Latency", measures: ["P50", "P95", "P99"], format: formatSeconds },
  bytes: { title: "TCP traffic", measures: ["SENT", "RECEIVED"], format: formatFlow },
  cpu: { title: "CPU usage", measures: ["CPU"], format: formatCPU },
  memory: { title: "Memory usage", measures: ["MEMORY"], format: formatBytes },
  throttled: { title: "CPU throttled", measures: ["CPU_THROTTLED"], format: formatShare },
} satisfies Record<string, Definition>;

/** The chart that has a measure. */
export function chartOf(measure: Measure): ChartName | undefined {
  const names = Object.keys(definitions) as ChartName[];
  return names.find((name) => (definitions[name].measures as Measure[]).includes(measure));
}

/** A value of a measure with its unit. */
export function formatMeasure(measure: Measure, value: number | null | undefined): string {
  const chart = chartOf(measure);
  return chart ? definitions[chart].format(value) : unknown;
}

export type ChartName = keyof typeof definitions;

/** How far charts look back, and how often they do, in milliseconds. */
const back = 30 * 60_000;
const interval = 15_000;

/** Charts of an object's most important measures, up to now or to the time that is looked at. */
export function Metrics({ id, show }: { id: string; show: ChartName[] }) {
  const { view } = useView();
  const measures = show.flatMap((name): Measure[] => definitions[name].measures);
  const series = useQuery({
    queryKey: ["metrics", "series", id, measures, view.at],
    queryFn: ({ signal }) => {
      const end = view.at ? Date.parse(view.at) : Date.now();
      const range = { from: new Date(end - back).toISOString(), to: new Date(end).toISOString() };
      return ask(seriesOf, { id, measures, ...range }, signal);
    },
    refetchInterval: view.at ? false : interval,
  });
  return (
    <Panel title="Metrics">
      <Answer of={series} what="the metrics">
        {(data) => (
          <div className={classes.charts}>
            {show.map((name) => {
              const { title, measures: wanted, format }: Definition = definitions[name];
              return <Chart key={name} title={title} lines={linesOf(data.series, wanted)} format={format} />;
            })}
          </div>
        )}
      </Answer>
    </Panel>
  );
}

function linesOf(series: Series, wanted: Measure[]) {
  return wanted.map((measure) => ({
    name: measure.toLowerCase(),
    points: series.find((one) => one.measure === measure)?.points ?? [],
  }));
}
