import { Button } from "@mantine/core";
import { IconPencil, IconPlus } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { addressOf } from "../view/id";
import { useView } from "../view/view";

/** The page where a resource's text is edited, also for kinds with a page of their own. */
export function editAddress(id: string): string {
  return addressOf(id).replace(/^\/[^/]+\//, "/resources/");
}

/** Leads to the editor of a resource. */
export function EditButton({ id, label, compact }: { id: string; label?: string; compact?: boolean }) {
  const { within } = useView();
  return (
    <Button
      component={Link}
      to={within(editAddress(id))}
      size={compact ? "compact-xs" : "xs"}
      variant="default"
      leftSection={<IconPencil size={compact ? 13 : 14} />}
      aria-label={label}
    >
      {compact ? "Edit" : "Edit or delete"}
    </Button>
  );
}

/** Leads to where something new is made: a resource of a kind, or what the address names. */
export function CreateButton({ kind, to, children }: { kind?: string; to?: string; children?: ReactNode }) {
  const { within } = useView();
  return (
    <Button
      component={Link}
      to={within(to ?? (kind ? `/resources/new?kind=${kind}` : "/resources/new"))}
      size="xs"
      variant={kind ? "default" : "filled"}
      leftSection={<IconPlus size={14} />}
    >
      {children ?? "Create new"}
    </Button>
  );
}
