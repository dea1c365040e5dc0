import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ask } from "../api/client";
import { graphql } from "../api/generated";
import type { HealthPartsFragment, Measure } from "../api/generated/graphql";
import { useAsk } from "../api/queries";
import { formatNumber, unknown } from "../view/format";
import { useView } from "../view/view";
import { Answer, Empty } from "./Answer";
import { Chart } from "./Chart";
import { type Column, DataTable } from "./DataTable";
import { verdicts } from "./Health";
import { chartOf, formatMeasure, Metrics } from "./Metrics";
import { Panel } from "./Page";
import { Status } from "./Status";

const healthOf = graphql(`
  query HealthOf($id: ID!) {
    service(id: $id) {
      health {
        ...HealthParts
      }
    }
    workload(id: $id) {
      health {
        ...HealthParts
      }
    }
  }
`);

const healthHistory = graphql(`
  query HealthHistory($id: ID!, $from: String!, $to: String!) {
    healthHistory(id: $id, from: $from, to: $to, points: 49) {
      time
      score
    }
  }
`);

const back = 24 * 3_600_000;

/** How healthy an object is and was, what that comes from, and the chart of a chosen measure. */
export function HealthPanel({ id }: { id: string }) {
  const answer = useAsk(healthOf, { id }, { freshness: "metrics" });
  const [chosen, setChosen] = useState<Measure>();
  return (
    <Answer of={answer} what="the health">
      {({ service, workload }) => {
        const health = service?.health ?? workload?.health;
        if (!health) {
          return <Empty title="Not judged yet">Health comes from metrics: see whether its traffic is reported.</Empty>;
        }
        const chart = chartOf(chosen ?? health.measures[0]?.measure ?? "REQUESTS");
        return (
          <>
            <Panel title="Health" flush>
              <DataTable
                rows={health.measures}
                columns={columns(setChosen)}
                keyOf={({ measure }) => measure}
                none="No measure is known yet."
              />
            </Panel>
            <History id={id} />
            {chart && <Metrics id={id} show={[chart]} />}
          </>
        );
      }}
    </Answer>
  );
}

type Row = HealthPartsFragment["measures"][number];

const columns = (choose: (measure: Measure) => void): Column<Row>[] => [
  {
    title: "Measure",
    cell: ({ measure }) => (
      <Button variant="subtle" size="compact-xs" onClick={() => choose(measure)}>
        {measure.toLowerCase().replaceAll("_", " ")}
      </Button>
    ),
  },
  {
    title: "Verdict",
    cell: ({ verdict, score }) => (
      <Status tone={verdicts[verdict].tone}>
        {verdicts[verdict].text}
        {score != null && ` ${score}`}
      </Status>
    ),
  },
  { title: "Observed", short: true, cell: ({ measure, observed }) => formatMeasure(measure, observed) },
  {
    title: "Expected",
    short: true,
    cell: ({ measure, low, high }) =>
      low == null || high == null ? unknown : `${formatMeasure(measure, low)} to ${formatMeasure(measure, high)}`,
  },
  { title: "Why", cell: ({ explanation }) => explanation },
];

/** The score over the last day. */
function History({ id }: { id: string }) {
  const { view } = useView();
  const history = useQuery({
    queryKey: ["metrics", "health", id, view.at],
    queryFn: ({ signal }) => {
      const end = view.at ? Date.parse(view.at) : Date.now();
      return ask(
        healthHistory,
        { id, from: new Date(end - back).toISOString(), to: new Date(end).toISOString() },
        signal,
      );
    },
    staleTime: 60_000,
  });
  return (
    <Panel title="The last day">
      <Answer of={history} what="the health of the last day">
        {(data) => (
          <Chart
            title="Score, 0 to 100"
            lines={[{ name: "score", points: data.healthHistory.map(({ time, score }) => ({ time, value: score })) }]}
            format={formatScore}
          />
        )}
      </Answer>
    </Panel>
  );
}

const formatScore = (score: number | null | undefined) => (score == null ? "" : formatNumber(score));
