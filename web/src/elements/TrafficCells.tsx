import { Table } from "@mantine/core";
import type { TrafficPartsFragment } from "../api/generated/graphql";
import { formatBytes, formatRate, formatSeconds, formatShare, unknown } from "../view/format";

/** The headings of the columns that TrafficCells fills. */
export function TrafficHeadings() {
  return (
    <>
      <Table.Th ta="right">Requests</Table.Th>
      <Table.Th ta="right">Errors</Table.Th>
      <Table.Th ta="right">P95</Table.Th>
    </>
  );
}

/** What arrives at an object: requests, or bytes where there are none. */
export function TrafficCells({ of: traffic }: { of: TrafficPartsFragment | null | undefined }) {
  const bytes = traffic ? traffic.sent + traffic.received : 0;
  const rate =
    traffic && traffic.requests === 0 && bytes > 0 ? `${formatBytes(bytes)}/s` : formatRate(traffic?.requests);
  return (
    <>
      <Table.Td ta="right">{rate}</Table.Td>
      <Table.Td ta="right" c={traffic && traffic.errorRate > 0 ? "var(--smm-bad)" : undefined}>
        {traffic && traffic.requests > 0 ? formatShare(traffic.errorRate) : unknown}
      </Table.Td>
      <Table.Td ta="right">{formatSeconds(traffic?.p95)}</Table.Td>
    </>
  );
}
