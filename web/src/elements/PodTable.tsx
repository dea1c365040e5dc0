import { graphql } from "../api/generated";
import type { PodRowFragment } from "../api/generated/graphql";
import { nodeID } from "../view/id";
import { Age } from "./Age";
import { byID, type Column, DataTable } from "./DataTable";
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

const columns: Column<PodRowFragment>[] = [
  { title: "Name", cell: ({ id }) => <ObjectLink id={id} /> },
  {
    title: "Containers",
    cell: ({ containers }) => `${containers.filter(({ ready }) => ready).length}/${containers.length}`,
  },
  { title: "Status", cell: (pod) => <Status tone={toneOf(podState(pod))}>{podState(pod)}</Status> },
  { title: "Restarts", right: true, cell: ({ restarts }) => restarts },
  { title: "Proxy", cell: proxyKind },
  { title: "Node", cell: ({ cluster, node }) => node && <ObjectLink id={nodeID(cluster, node)} /> },
  { title: "Age", cell: ({ created }) => <Age of={created} /> },
];

/** Pods with their states. */
export function PodTable({ pods }: { pods: PodRowFragment[] }) {
  return <DataTable rows={pods} columns={columns} keyOf={byID} none="There are no pods." />;
}
