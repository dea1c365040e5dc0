import { graphql } from "../../api/generated";
import { useAsk } from "../../api/queries";
import { Answer, Empty } from "../../elements/Answer";
import { Findings } from "../../elements/Findings";
import { MeshNumbers } from "../../elements/MeshNumbers";
import { Page, Panel } from "../../elements/Page";
import { useView } from "../../view/view";
import { Backends } from "./Backends";
import { HealthBar } from "./HealthBar";
import { MeshCharts } from "./MeshCharts";
import classes from "./OverviewPage.module.css";

const healthNow = graphql(`
  query HealthNow($filter: Filter, $at: String) {
    health(filter: $filter, at: $at) {
      id
      kind
      name
      namespace
      verdict
      score
    }
  }
`);

/** How the mesh is, at a glance. */
export function OverviewPage() {
  const { filter, view } = useView();
  const health = useAsk(healthNow, { filter, at: view.at ?? null }, { freshness: "metrics" });
  return (
    <Page title="Overview">
      <MeshNumbers show={["requests", "latency", "errors", "clusters", "services", "workloads", "pods", "findings"]} />
      <Backends />
      <div className={classes.pair}>
        {(["Service", "Workload"] as const).map((what) => (
          <Panel key={what} title={`Health of ${what.toLowerCase()}s`}>
            <Answer of={health} what="the health">
              {(data) => {
                const all = data.health.filter(
                  ({ kind }) => (kind.toLowerCase() === "service") === (what === "Service"),
                );
                return all.length > 0 ? <HealthBar of={all} /> : <Empty title="Nothing is judged yet" />;
              }}
            </Answer>
          </Panel>
        ))}
      </div>
      <MeshCharts />
      <div id="findings">
        <Findings />
      </div>
    </Page>
  );
}
