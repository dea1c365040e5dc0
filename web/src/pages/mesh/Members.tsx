import { Button, Modal } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPlugConnected } from "@tabler/icons-react";
import { lazy, Suspense } from "react";
import { graphql } from "../../api/generated";
import type { MembersQuery } from "../../api/generated/graphql";
import { useAsk } from "../../api/queries";
import { Answer, Loading } from "../../elements/Answer";
import { type Column, DataTable } from "../../elements/DataTable";
import { Panel } from "../../elements/Page";
import { Status, toneOf } from "../../elements/Status";
import { unknown } from "../../view/format";

const Attach = lazy(async () => ({ default: (await import("./Attach")).Attach }));
const Detach = lazy(async () => ({ default: (await import("./Attach")).Detach }));

const members = graphql(`
  query Members {
    members {
      cluster
      type
      mode
      network
      controlPlane
      status
      message
    }
  }
`);

type Member = MembersQuery["members"][number];

const columns: Column<Member>[] = [
  { title: "Cluster", cell: ({ cluster }) => cluster },
  { title: "Type", cell: ({ type }) => type || unknown },
  { title: "Mode", cell: ({ mode }) => mode || unknown },
  { title: "Network", cell: ({ network }) => network || unknown },
  { title: "Control plane", cell: ({ controlPlane }) => controlPlane || unknown },
  {
    title: "Status",
    cell: ({ status, message }) => (
      <span title={message ?? undefined}>
        <Status tone={toneOf(status)}>{status || "Unknown"}</Status>
      </span>
    ),
  },
  { title: "", right: true, cell: ({ type, cluster }) => type === "Peer" && <DetachButton cluster={cluster} /> },
];

/** The clusters that make up the mesh, and how others come and go. */
export function Members() {
  const answer = useAsk(members, {});
  const [opened, { open, close }] = useDisclosure();
  return (
    <Panel
      title="Members of the mesh"
      flush
      actions={
        <Button size="xs" variant="default" leftSection={<IconPlugConnected size={14} />} onClick={open}>
          Attach a cluster
        </Button>
      }
    >
      <Answer of={answer} what="the members">
        {(data) => (
          <DataTable
            rows={data.members}
            columns={columns}
            keyOf={({ cluster, controlPlane }) => `${cluster} ${controlPlane}`}
            none="No cluster has a control plane of the mesh yet."
          />
        )}
      </Answer>
      <Modal opened={opened} onClose={close} title="Attach a cluster" size="lg">
        <Suspense fallback={<Loading />}>
          <Attach />
        </Suspense>
      </Modal>
    </Panel>
  );
}

function DetachButton({ cluster }: { cluster: string }) {
  const [opened, { open, close }] = useDisclosure();
  return (
    <>
      <Button size="compact-xs" variant="default" onClick={open} aria-label={`Detach ${cluster}`}>
        Detach
      </Button>
      <Modal opened={opened} onClose={close} title={`Detach ${cluster}`} size="lg">
        <Suspense fallback={<Loading />}>
          <Detach cluster={cluster} />
        </Suspense>
      </Modal>
    </>
  );
}
