import { Button, Group, Modal, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { IconTrash } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { useNavigate } from "react-router";
import { useAllowed } from "../../api/allowed";
import { graphql } from "../../api/generated";
import type { ResourceForEditQuery } from "../../api/generated/graphql";
import { useAsk } from "../../api/queries";
import { ActionButton } from "../../elements/ActionButton";
import { Answer, Empty, Loading } from "../../elements/Answer";
import { Page, Panel } from "../../elements/Page";
import { useID } from "../../elements/useID";
import { parseID } from "../../view/id";
import { useView } from "../../view/view";
import { remove } from "./apply";
import { useDraft } from "./useDraft";

const ResourceEditor = lazy(async () => ({ default: (await import("./ResourceEditor")).ResourceEditor }));

const resourceForEdit = graphql(`
  query ResourceForEdit($id: ID!) {
    resource(id: $id) {
      id
      cluster
      namespace
      name
      kind
      group
      plural
      resourceVersion
      yaml
    }
  }
`);

type Resource = NonNullable<ResourceForEditQuery["resource"]>;

/** One resource, to read and to edit. */
export function ResourcePage() {
  const id = useID();
  const resource = useAsk(resourceForEdit, { id });
  const { kind, name } = parseID(id);
  return (
    <Answer of={resource} what="the resource">
      {({ resource: found }) =>
        found ? (
          <EditPage key={found.id} resource={found} />
        ) : (
          <Page title={name} kind={kind}>
            <Empty title="This resource is not there">It was deleted, or you may not see it.</Empty>
          </Page>
        )
      }
    </Answer>
  );
}

function EditPage({ resource }: { resource: Resource }) {
  const draft = useDraft(resource.cluster, resource);
  const navigate = useNavigate();
  const [mayUpdate, mayDelete] = useAllowed(
    ["update", "delete"].map((verb) => ({
      verb,
      cluster: resource.cluster,
      group: resource.group,
      resource: resource.plural,
      namespace: resource.namespace,
    })),
  );
  const place = resource.namespace ? `${resource.kind} in ${resource.namespace}, ${resource.cluster}` : resource.kind;
  const newer = resource.resourceVersion !== draft.base.resourceVersion && resource.yaml !== draft.base.yaml;
  return (
    <Page title={resource.name} kind={place} actions={<Delete resource={resource} right={mayDelete} />}>
      <Panel>
        <Suspense fallback={<Loading />}>
          <ResourceEditor
            draft={draft}
            cluster={resource.cluster}
            kind={`${resource.kind.toLowerCase()}.${resource.group}`}
            save={{ label: "Apply", right: mayUpdate }}
            newer={newer ? resource : undefined}
            onSaved={(id) => {
              notifications.show({
                color: "teal",
                title: "Applied",
                message: `${resource.kind} ${resource.name} is saved.`,
              });
              if (id !== resource.id) {
                navigate(`/resources/${encodeURIComponent(id)}`);
              }
            }}
          />
        </Suspense>
      </Panel>
    </Page>
  );
}

function Delete({ resource, right }: { resource: Resource; right: { allowed: boolean; reason?: string } | undefined }) {
  const [asking, ask] = useDisclosure();
  const [problem, setProblem] = useState<string>();
  const client = useQueryClient();
  const navigate = useNavigate();
  const { within } = useView();
  async function go() {
    try {
      await remove(resource.id);
      notifications.show({ color: "teal", title: "Deleted", message: `${resource.kind} ${resource.name} is gone.` });
      navigate(within("/resources"));
      await client.invalidateQueries({ queryKey: ["inventory"] });
    } catch (failure) {
      setProblem(failure instanceof Error ? failure.message : String(failure));
    }
  }
  return (
    <>
      <ActionButton may={right} variant="outline" color="red" leftSection={<IconTrash size={14} />} onClick={ask.open}>
        Delete
      </ActionButton>
      <Modal opened={asking} onClose={ask.close} title={`Delete ${resource.kind} ${resource.name}?`}>
        <Text size="sm">This cannot be undone: no copy of the resource is kept.</Text>
        {problem && (
          <Text size="sm" mt="xs" role="alert">
            It could not be deleted: {problem}
          </Text>
        )}
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={ask.close} data-autofocus>
            Cancel
          </Button>
          <Button color="red" onClick={() => void go()}>
            Delete
          </Button>
        </Group>
      </Modal>
    </>
  );
}
