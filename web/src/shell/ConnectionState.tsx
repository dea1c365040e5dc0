import { Group, Text, Tooltip } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconClockPause, IconHistory } from "@tabler/icons-react";
import { graphql } from "../api/generated";
import { useAsk } from "../api/queries";
import { formatTime } from "../view/format";
import { useView } from "../view/view";
import { useConnection } from "./connection";

const clusterStates = graphql(`
  query ClusterStates {
    clusters {
      name
      reachable
      problem
    }
  }
`);

/** Says whether what is shown is live, from the past, stale, or lacks a cluster. */
export function ConnectionState() {
  const { view } = useView();
  const connection = useConnection();
  const { data } = useAsk(clusterStates, {}, { freshness: "metrics" });
  const lost = data?.clusters.filter((cluster) => !cluster.reachable) ?? [];
  const limited = data?.clusters.filter((cluster) => cluster.reachable && cluster.problem) ?? [];
  const { icon: Icon, color, text, detail } = describe();
  return (
    <Tooltip label={detail} multiline maw={320}>
      <Group gap={6} wrap="nowrap" role="status" tabIndex={0} data-testid="connection-state">
        <Icon size={16} color={`var(--mantine-color-${color})`} aria-hidden />
        <Text size="xs">{text}</Text>
      </Group>
    </Tooltip>
  );

  function describe() {
    if (!connection.live && connection.problem) {
      const since = connection.last
        ? `Stale since ${new Date(connection.last).toLocaleTimeString("en-GB")}`
        : "Server unreachable";
      return { icon: IconClockPause, color: "red-6", text: since, detail: `${connection.problem}; trying again` };
    }
    if (lost.length > 0) {
      const text = lost.length === 1 ? `${lost[0]?.name} unreachable` : `${lost.length} clusters unreachable`;
      const detail = lost.map((cluster) => `${cluster.name}: ${cluster.problem ?? "no answer"}`).join("; ");
      return { icon: IconAlertTriangle, color: "orange-6", text, detail };
    }
    if (limited.length > 0) {
      const text = limited.length === 1 ? `${limited[0]?.name} in part` : `${limited.length} clusters in part`;
      const detail = limited.map((cluster) => `${cluster.name}: ${cluster.problem}`).join("; ");
      return { icon: IconAlertTriangle, color: "orange-6", text, detail };
    }
    if (view.at) {
      return {
        icon: IconHistory,
        color: "blue-5",
        text: "Looking back",
        detail: `How it was at ${formatTime(view.at)}`,
      };
    }
    if (!connection.live) {
      return { icon: IconClockPause, color: "gray-6", text: "Connecting", detail: "Waiting for the server" };
    }
    return { icon: IconCircleCheck, color: "teal-6", text: "Live", detail: "What is shown follows the clusters" };
  }
}
