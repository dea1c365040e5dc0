import { Anchor, Group } from "@mantine/core";
import { IconChartLine, IconTimeline } from "@tabler/icons-react";
import { dashboardOf, tracesOf } from "../view/tools";
import { useTools } from "./useTools";

/** Leads to an object's dashboard in Grafana, and to its traces where it has any. */
export function ToolLinks({ id, app }: { id: string; app?: string | null }) {
  const { grafana, jaeger } = useTools();
  const dashboard = grafana && dashboardOf(grafana, id);
  const traces = jaeger && app && tracesOf(jaeger, id, app);
  if (!dashboard && !traces) {
    return null;
  }
  return (
    <Group gap="md">
      {dashboard && (
        <Anchor href={dashboard} target="_blank" rel="noreferrer" size="sm">
          <IconChartLine size={14} aria-hidden /> Open metrics in Grafana
        </Anchor>
      )}
      {traces && (
        <Anchor href={traces} target="_blank" rel="noreferrer" size="sm">
          <IconTimeline size={14} aria-hidden /> Open Jaeger tracing
        </Anchor>
      )}
    </Group>
  );
}
