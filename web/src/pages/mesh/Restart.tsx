import { Button, Group, Modal, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { IconRefresh } from "@tabler/icons-react";
import { useState } from "react";
import { useAllowed } from "../../api/allowed";
import { ActionButton } from "../../elements/ActionButton";
import { restart } from "./restart";

/** Makes the pods of a namespace anew, so that what was set for new pods holds for all. */
export function Restart({ cluster, name }: { cluster: string; name: string }) {
  const [opened, { open, close }] = useDisclosure();
  return (
    <>
      <Button
        size="compact-xs"
        variant="default"
        leftSection={<IconRefresh size={13} />}
        onClick={open}
        aria-label={`Restart the workloads of ${name}`}
      >
        Restart
      </Button>
      <Modal opened={opened} onClose={close} title={`Restart the workloads of ${name}?`}>
        <Question cluster={cluster} name={name} close={close} />
      </Modal>
    </>
  );
}

function Question({ cluster, name, close }: { cluster: string; name: string; close: () => void }) {
  const [busy, setBusy] = useState(false);
  const [right] = useAllowed([{ cluster, namespace: name, verb: "patch", group: "apps", resource: "deployments" }]);

  async function go() {
    setBusy(true);
    try {
      const restarted = await restart(cluster, name);
      const message = restarted.length > 0 ? restarted.join(", ") : "Nothing runs there that could be restarted.";
      notifications.show({ color: "teal", title: `Restarting in ${name}`, message });
      close();
    } catch (failure) {
      const message = failure instanceof Error ? failure.message : String(failure);
      notifications.show({ color: "red", title: `Namespace ${name} could not be restarted`, message });
    } finally {
      setBusy(false);
    }
  }

  return (
    <>
      <Text size="sm">
        Its Deployments, StatefulSets and DaemonSets are rolled out anew, so that every pod gets its proxy by what is
        set now.
      </Text>
      <Group justify="flex-end" mt="md">
        <Button size="xs" variant="default" onClick={close} data-autofocus>
          Cancel
        </Button>
        <ActionButton may={right} loading={busy} onClick={() => void go()}>
          Restart
        </ActionButton>
      </Group>
    </>
  );
}
