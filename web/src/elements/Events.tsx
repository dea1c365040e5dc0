import { Table, Text } from "@mantine/core";
import { graphql } from "../api/generated";
import { useAsk } from "../api/queries";
import { Age } from "./Age";
import { Answer } from "./Answer";
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

/** What happened to an object. */
export function Events({ id }: { id: string }) {
  const events = useAsk(eventsOf, { id });
  return (
    <Panel title="Events" flush>
      <Answer of={events} what="the events">
        {(data) =>
          data.events.length === 0 ? (
            <Text size="sm" p="md" c="dimmed">
              Nothing happened to it of late.
            </Text>
          ) : (
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th w={110}>Type</Table.Th>
                  <Table.Th w={160}>Reason</Table.Th>
                  <Table.Th>Message</Table.Th>
                  <Table.Th w={90}>Last</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {data.events.map((event) => (
                  <Table.Tr key={`${event.reason} ${event.message} ${event.last}`}>
                    <Table.Td>
                      <Status tone={event.type === "Warning" ? "warning" : "info"}>{event.type}</Status>
                    </Table.Td>
                    <Table.Td>{event.reason}</Table.Td>
                    <Table.Td>
                      {event.message}{" "}
                      {event.count > 1 && (
                        <Text span size="xs" c="dimmed">
                          ({event.count} times)
                        </Text>
                      )}
                    </Table.Td>
                    <Table.Td>
                      <Age of={event.last} />
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          )
        }
      </Answer>
    </Panel>
  );
}
