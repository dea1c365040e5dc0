import { Group, Select } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { lazy, Suspense } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { useAllowed } from "../../api/allowed";
import { graphql } from "../../api/generated";
import type { ResourceKindsQuery } from "../../api/generated/graphql";
import { useAsk } from "../../api/queries";
import { Answer, Loading } from "../../elements/Answer";
import { Page, Panel } from "../../elements/Page";
import { addressOf } from "../../view/id";
import { useView } from "../../view/view";
import { templatesOf, textFor } from "./templates";
import { useDraft } from "./useDraft";

const ResourceEditor = lazy(async () => ({ default: (await import("./ResourceEditor")).ResourceEditor }));

export const resourceKinds = graphql(`
  query ResourceKinds {
    clusters {
      name
    }
    resourceKinds {
      key
      kind
      group
      version
      plural
      namespaced
    }
  }
`);

type Kinds = ResourceKindsQuery;

/** Creates a resource from a template. The address names the kind and the template. */
export function NewResourcePage() {
  const kinds = useAsk(resourceKinds, {}, { freshness: "fixed" });
  return (
    <Page title="New resource">
      <Answer of={kinds} what="the kinds of resources">
        {(data) => <Choice data={data} />}
      </Answer>
    </Page>
  );
}

function Choice({ data }: { data: Kinds }) {
  const [search, setSearch] = useSearchParams();
  const { view } = useView();
  const kind =
    data.resourceKinds.find(({ key }) => key === search.get("kind")) ??
    data.resourceKinds.find(({ kind: name }) => name === "VirtualService") ??
    data.resourceKinds[0];
  if (!kind) {
    return "The clusters have no kind of resource that can be edited here.";
  }
  const templates = templatesOf(kind);
  const template = templates.find(({ name }) => name === search.get("template")) ?? templates[0];
  const cluster = search.get("in") ?? view.clusters[0] ?? data.clusters[0]?.name ?? "";
  const choose = (name: string, value: string | null) =>
    setSearch((current) => {
      const next = new URLSearchParams(current);
      if (value) {
        next.set(name, value);
      }
      if (name === "kind") {
        next.delete("template");
      }
      return next;
    });
  return (
    <Panel>
      <Group mb="sm" align="flex-end">
        <Select
          label="Type"
          searchable
          allowDeselect={false}
          data={data.resourceKinds.map(({ key, kind: name, group }) => ({ value: key, label: `${name} (${group})` }))}
          value={kind.key}
          onChange={(value) => choose("kind", value)}
          w={360}
        />
        <Select
          label="Template"
          allowDeselect={false}
          data={templates.map(({ name, title }) => ({ value: name, label: title }))}
          value={template?.name ?? null}
          onChange={(value) => choose("template", value)}
          w={260}
        />
        {data.clusters.length > 1 && (
          <Select
            label="Cluster"
            allowDeselect={false}
            data={data.clusters.map(({ name }) => name)}
            value={cluster}
            onChange={(value) => choose("in", value)}
          />
        )}
      </Group>
      {template && (
        <Draft
          key={`${cluster} ${template.kind} ${template.name}`}
          cluster={cluster}
          kind={kind}
          text={textFor(template, view.namespaces[0])}
        />
      )}
    </Panel>
  );
}

function Draft({ cluster, kind, text }: { cluster: string; kind: Kinds["resourceKinds"][number]; text: string }) {
  const draft = useDraft(cluster, { yaml: text });
  const navigate = useNavigate();
  const { view, within } = useView();
  const [right] = useAllowed([
    {
      verb: "create",
      cluster,
      group: kind.group,
      resource: kind.plural,
      namespace: kind.namespaced ? (view.namespaces[0] ?? null) : null,
    },
  ]);
  return (
    <Suspense fallback={<Loading />}>
      <ResourceEditor
        draft={draft}
        cluster={cluster}
        kind={kind.key}
        // Without a chosen namespace the text says which one: then the API server judges.
        save={{ label: "Create", right: kind.namespaced && view.namespaces.length === 0 ? { allowed: true } : right }}
        onSaved={(id) => {
          notifications.show({ color: "teal", title: "Created", message: `The ${kind.kind} is saved.` });
          navigate(within(addressOf(id)));
        }}
      />
    </Suspense>
  );
}
