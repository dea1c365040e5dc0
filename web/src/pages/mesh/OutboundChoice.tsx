import { Select, Tooltip } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { apply, remove } from "../resources/apply";
import { findSidecar, type OutboundMode, readMode, writeMode } from "./outbound";

interface Sidecar {
  id: string;
  cluster: string;
  namespace: string | null;
  resourceVersion: string;
  yaml: string;
}

interface Props {
  namespace: { cluster: string; name: string };
  sidecars: Sidecar[];
  right: { allowed: boolean; reason?: string } | undefined;
}

const choices: { value: OutboundMode; label: string }[] = [
  { value: "DEFAULT", label: "as the mesh" },
  { value: "ALLOW_ANY", label: "anything" },
  { value: "REGISTRY_ONLY", label: "known hosts only" },
];

/** Sets what a namespace's workloads may reach outside of the mesh. */
export function OutboundChoice({ namespace, sidecars, right }: Props) {
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  const { cluster, name } = namespace;
  const sidecar = findSidecar(sidecars, namespace);

  async function choose(mode: OutboundMode) {
    setBusy(true);
    try {
      const yaml = writeMode(sidecar?.yaml, name, mode);
      if (yaml) {
        const { problems } = await apply({ cluster, yaml, resourceVersion: sidecar?.resourceVersion, dryRun: false });
        if (problems.length > 0) {
          throw new Error(problems.map(({ message }) => message).join("; "));
        }
      } else if (sidecar) {
        await remove(sidecar.id);
      }
      await client.invalidateQueries({ queryKey: ["inventory"] });
    } catch (failure) {
      const message = failure instanceof Error ? failure.message : String(failure);
      notifications.show({ color: "red", title: `The outbound policy of ${name} could not be changed`, message });
    } finally {
      setBusy(false);
    }
  }

  return (
    <Tooltip label={right?.reason} disabled={right?.allowed !== false} multiline maw={320}>
      <Select
        size="xs"
        w={170}
        aria-label={`Outbound traffic of ${name}`}
        data={choices}
        value={readMode(sidecar?.yaml)}
        allowDeselect={false}
        disabled={busy || right?.allowed === false}
        onChange={(mode) => void choose(mode as OutboundMode)}
      />
    </Tooltip>
  );
}
