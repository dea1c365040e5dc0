import { Table, Text } from "@mantine/core";
import { graphql } from "../api/generated";
import type { PodRowFragment } from "../api/generated/graphql";
import { formatID } from "../view/id";
import { Age } from "./Age";
import { ObjectLink } from "./ObjectLink";
import { Status, toneOf } from "./Status";

export const podRow = graphql(`
  fragment PodRow on Pod {
    id
    cluster
    namespace
    name
    node
    phase
    ready
    restarts
    created
    revision
    proxyless
    containers {
      name
      ready
      state
      reason
    }
  }
`);

/** A pod's state in one word: why a container does not run, if one does not. */
export function podState(pod: Pick<PodRowFragment, "phase" | "ready" | "containers">): string {
  const stopped = pod.containers.find((container) => container.state !== "running" && container.reason);
  if (stopped?.reason) {
    return stopped.reason;
  }
  return pod.phase === "Running" ? (pod.ready ? "Running" : "Not ready") : pod.phase;
}

/** What a pod is to the mesh. */
export function proxyKind(pod: Pick<PodRowFragment, "revision" | "proxyless">): string {
  if (!pod.revision) {
    return "none";
  }
  return pod.proxyless ? `${pod.revision} (proxyless)` : pod.revision;
}

export function PodTable({ pods }: { pods: PodRowFragment[] }) {
  if (pods.length === 0) {
    return (
      <Text size="sm" p="md" c="dimmed">
        There are no pods.
      </Text>
    );
  }
  return (
    <Table>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Name</Table.Th>
          <Table.Th>Containers</Table.Th>
          <Table.Th>Status</Table.Th>
          <Table.Th>Restarts</Table.Th>
          <Table.Th>Proxy</Table.Th>
          <Table.Th>Node</Table.Th>
          <Table.Th>Age</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {pods.map((pod) => (
          <Table.Tr key={pod.id}>
            <Table.Td>
              <ObjectLink id={pod.id} />
            </Table.Td>
            <Table.Td>
              {pod.containers.filter((container) => container.ready).length}/{pod.containers.length}
            </Table.Td>
            <Table.Td>
              <Status tone={toneOf(podState(pod))}>{podState(pod)}</Status>
            </Table.Td>
            <Table.Td>{pod.restarts}</Table.Td>
            <Table.Td>{proxyKind(pod)}</Table.Td>
            <Table.Td>
              {pod.node && (
                <ObjectLink
                  id={formatID({ kind: "node", group: "", cluster: pod.cluster, namespace: "", name: pod.node })}
                />
              )}
            </Table.Td>
            <Table.Td>
              <Age of={pod.created} />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
