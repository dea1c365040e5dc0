import { Button, Modal } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconSend } from "@tabler/icons-react";
import { lazy, Suspense } from "react";
import { Loading } from "../../elements/Answer";

const LoadForm = lazy(async () => ({ default: (await import("./LoadForm")).LoadForm }));

/** Opens the form with which requests are sent to a service, to see traffic where there is none yet. */
export function LoadButton({ service }: { service?: string }) {
  const [opened, { open, close }] = useDisclosure();
  return (
    <>
      <Button size="xs" variant="default" leftSection={<IconSend size={14} />} onClick={open}>
        Generate load
      </Button>
      <Modal opened={opened} onClose={close} title="Generate test load" size="lg">
        <Suspense fallback={<Loading />}>
          <LoadForm service={service} />
        </Suspense>
      </Modal>
    </>
  );
}
