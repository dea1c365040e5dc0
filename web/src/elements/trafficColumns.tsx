import { Text } from "@mantine/core";
import type { TrafficPartsFragment } from "../api/generated/graphql";
import { formatBytes, formatRate, formatSeconds, formatShare, unknown } from "../view/format";
import type { Column } from "./DataTable";

interface Called {
  traffic: TrafficPartsFragment | null;
}

/** Columns of what arrives at an object. */
export function trafficColumns<Row extends Called>(): Column<Row>[] {
  return [
    { title: "Requests", right: true, cell: ({ traffic }) => rateOf(traffic) },
    { title: "Errors", right: true, cell: ({ traffic }) => <Errors of={traffic} /> },
    { title: "P95", right: true, cell: ({ traffic }) => formatSeconds(traffic?.p95) },
  ];
}

/** Requests, or bytes where there are none. */
function rateOf(traffic: Called["traffic"]): string {
  const bytes = traffic ? traffic.sent + traffic.received : 0;
  return traffic && traffic.requests === 0 && bytes > 0 ? `${formatBytes(bytes)}/s` : formatRate(traffic?.requests);
}

function Errors({ of: traffic }: { of: Called["traffic"] }) {
  if (!traffic || traffic.requests === 0) {
    return unknown;
  }
  return (
    <Text span inherit c={traffic.errorRate > 0 ? "var(--smm-bad)" : undefined}>
      {formatShare(traffic.errorRate)}
    </Text>
  );
}
