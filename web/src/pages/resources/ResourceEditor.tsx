import { Alert, Button, Group, List, Modal, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconCheck, IconDeviceFloppy, IconGitCompare } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { graphql } from "../../api/generated";
import { useAsk } from "../../api/queries";
import { ActionButton } from "../../elements/ActionButton";
import { Difference } from "./Difference";
import { Editor } from "./Editor";
import type { Finding } from "./problems";
import type { Base, Draft } from "./useDraft";

const schemaOf = graphql(`
  query SchemaOf($cluster: String!, $kind: String!) {
    resourceSchema(cluster: $cluster, kind: $kind)
  }
`);

interface Props {
  draft: Draft;
  cluster: string;
  /** The kind's key. */
  kind: string;
  /** What saving is called, and whether the user may do it. */
  save: { label: string; right: { allowed: boolean; reason?: string } | undefined };
  /** The object as it is now, when that is not what the edit started from. */
  newer?: Base;
  onSaved: (id: string) => void;
}

/** Edits a resource: checks while typing, validates on the server, compares, and saves. */
export function ResourceEditor({ draft, cluster, kind, save, newer, onSaved }: Props) {
  const { data } = useAsk(schemaOf, { cluster, kind }, { freshness: "fixed" });
  const [markers, setMarkers] = useState<Finding[]>([]);
  const [confirming, confirm] = useDisclosure();
  const [comparing, compare] = useDisclosure();
  const meanwhile = draft.conflict ?? newer;

  useEffect(() => {
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    if (draft.changed) {
      window.addEventListener("beforeunload", warn);
      return () => window.removeEventListener("beforeunload", warn);
    }
  }, [draft.changed]);

  async function write() {
    confirm.close();
    const answer = await draft.save();
    if (answer?.resource) {
      onSaved(answer.resource.id);
    }
  }

  async function tryToSave() {
    const answer = await draft.validate();
    if (answer?.conflict) {
      return;
    }
    if (!answer || answer.problems.length > 0 || markers.length > 0) {
      confirm.open();
    } else {
      await write();
    }
  }

  const wrong = draft.findings.length > 0 ? draft.findings : markers;
  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <Group gap="xs">
          <Button
            size="xs"
            variant="default"
            leftSection={<IconCheck size={14} />}
            loading={draft.busy}
            onClick={() => void draft.validate()}
          >
            Validate
          </Button>
          <Button
            size="xs"
            variant="default"
            leftSection={<IconGitCompare size={14} />}
            onClick={compare.open}
            disabled={!draft.changed}
          >
            Compare
          </Button>
          <ActionButton
            may={save.right}
            loading={draft.busy}
            leftSection={<IconDeviceFloppy size={14} />}
            onClick={() => void tryToSave()}
          >
            {save.label}
          </ActionButton>
        </Group>
        <Text size="xs" c="dimmed">
          Ctrl-Space completes; Ctrl-M lets Tab leave the editor
        </Text>
      </Group>
      {meanwhile && <Meanwhile draft={draft} now={meanwhile} />}
      <Verdict draft={draft} />
      <Editor
        text={draft.text}
        onChange={draft.edit}
        findings={draft.findings}
        kind={kind}
        schema={data?.resourceSchema}
        onMarkers={setMarkers}
      />
      <Modal opened={confirming} onClose={confirm.close} title="Validation failed">
        <Stack>
          <Problems of={wrong} />
          <Text size="sm">Save it all the same? The API server may refuse it.</Text>
          <Group justify="flex-end">
            <Button variant="default" onClick={confirm.close}>
              Cancel
            </Button>
            <Button color="red" onClick={() => void write()}>
              Confirm
            </Button>
          </Group>
        </Stack>
      </Modal>
      <Modal opened={comparing} onClose={compare.close} title="How it is, and how it would be" size="90%">
        <Difference before={draft.base.yaml} after={draft.text} />
      </Modal>
    </Stack>
  );
}

/** Says how the last check went. */
function Verdict({ draft }: { draft: Draft }) {
  const { outcome } = draft;
  if (outcome.kind === "valid") {
    return (
      <Alert color="teal" variant="outline" role="status" title="Valid" p="xs">
        The API server would take it.
      </Alert>
    );
  }
  if (outcome.kind === "invalid") {
    return (
      <Alert color="red" variant="outline" role="alert" title="Not valid" p="xs">
        <Problems of={draft.findings} />
      </Alert>
    );
  }
  if (outcome.kind === "failed") {
    return (
      <Alert color="red" variant="outline" role="alert" title="That did not work" p="xs">
        {outcome.message}. What you typed is still here.
      </Alert>
    );
  }
  return null;
}

function Problems({ of }: { of: Finding[] }) {
  return (
    <List size="sm">
      {of.map((finding) => (
        <List.Item key={`${finding.line} ${finding.message}`}>
          Line {finding.line}: {finding.message}
        </List.Item>
      ))}
    </List>
  );
}

/** Somebody else changed the object while it was edited. */
function Meanwhile({ draft, now }: { draft: Draft; now: Base }) {
  const [comparing, compare] = useDisclosure();
  return (
    <Alert color="orange" variant="outline" role="alert" title="Somebody else changed it meanwhile" p="xs">
      <Group gap="xs" mt={4}>
        <Button size="xs" variant="default" onClick={compare.open}>
          Compare with yours
        </Button>
        <Button size="xs" variant="default" onClick={() => draft.rebase(now, true)}>
          Keep yours and go on
        </Button>
        <Button size="xs" variant="default" onClick={() => draft.rebase(now, false)}>
          Take theirs
        </Button>
      </Group>
      <Modal opened={comparing} onClose={compare.close} title="Theirs, and yours" size="90%">
        <Difference before={now.yaml} after={draft.text} />
      </Modal>
    </Alert>
  );
}
