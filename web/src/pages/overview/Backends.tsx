import { Alert } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { graphql } from "../../api/generated";
import { useAsk } from "../../api/queries";
import { formatTime } from "../../view/format";

const backends = graphql(`
  query Backends {
    backends {
      cluster
      url
      reachable
      problem
      lastAnswer
    }
  }
`);

/** Says why numbers are missing: no metrics backend, or one that does not answer. */
export function Backends() {
  const { data } = useAsk(backends, {}, { freshness: "metrics" });
  if (!data) {
    return null;
  }
  if (data.backends.length === 0) {
    return (
      <Alert color="orange" variant="outline" icon={<IconAlertTriangle />} title="No metrics">
        No Prometheus is known, so there are no rates, latencies and health. Install one with the mesh:{" "}
        <code>smm install -a</code>.
      </Alert>
    );
  }
  return data.backends
    .filter(({ reachable }) => !reachable)
    .map((backend) => (
      <Alert key={backend.url} color="orange" variant="outline" icon={<IconAlertTriangle />} title="Metrics are stale">
        {backend.url} {backend.cluster && `of ${backend.cluster}`} does not answer:{" "}
        {backend.problem ?? "no reason is known"}.
        {backend.lastAnswer && ` It answered last at ${formatTime(backend.lastAnswer)}.`}
      </Alert>
    ));
}
