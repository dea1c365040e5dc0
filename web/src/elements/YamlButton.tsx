import { Button, Modal } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconCode } from "@tabler/icons-react";
import { Yaml } from "./Yaml";

/** Shows a resource's YAML. */
export function YamlButton({
  title,
  text,
  marked,
  compact,
}: {
  title: string;
  text: string;
  marked?: number | null;
  compact?: boolean;
}) {
  const [opened, { open, close }] = useDisclosure();
  return (
    <>
      <Button
        variant="default"
        size={compact ? "compact-xs" : "xs"}
        leftSection={<IconCode size={14} />}
        onClick={open}
        aria-label={`Show the YAML of ${title}`}
      >
        YAML
      </Button>
      <Modal opened={opened} onClose={close} title={title} size="xl">
        <Yaml text={text} marked={marked} />
      </Modal>
    </>
  );
}
