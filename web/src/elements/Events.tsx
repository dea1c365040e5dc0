import { Text } from "@mantine/core";
import { graphql } from "../api/generated";
import type { EventsOfQuery } from "../api/generated/graphql";
import { useAsk } from "../api/queries";
import { Age } from "./Age";
import { Answer } from "./Answer";
import { type Column, DataTable } from "./DataTable";
import { Panel } from "./Page";
import { Status } from "./Status";

const eventsOf = graphql(`
  query EventsOf($id: ID!) {
    events(id: $id) {
      type
      reason
      message
      count
      last
    }
  }
`);

const columns: Column<EventsOfQuery["events"][number]>[] = [
  {
    title: "Type",
    width: 110,
    cell: ({ type }) => <Status tone={type === "Warning" ? "warning" : "info"}>{type}</Status>,
  },
  { title: "Reason", width: 160, cell: ({ reason }) => reason },
  {
    title: "Message",
    cell: ({ message, count }) => (
      <>
        {message}{" "}
        {count > 1 && (
          <Text span size="xs" c="dimmed">
            ({count} times)
          </Text>
        )}
      </>
    ),
  },
  { title: "Last", width: 90, cell: ({ last }) => <Age of={last} /> },
];

/** What happened to an object. */
export function Events({ id }: { id: string }) {
  const events = useAsk(eventsOf, { id });
  return (
    <Panel title="Events" flush>
      <Answer of={events} what="the events">
        {({ events: found }) => (
          <DataTable
            rows={found}
            columns={columns}
            keyOf={({ reason, message, last }) => `${reason} ${message} ${last}`}
            none="Nothing happened to it of late."
          />
        )}
      </Answer>
    </Panel>
  );
}
