import { MultiSelect, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";
import { useSearchParams } from "react-router";
import { graphql } from "../../api/generated";
import type { ResourceListQuery } from "../../api/generated/graphql";
import { useAsk } from "../../api/queries";
import { Age } from "../../elements/Age";
import { Answer, Empty } from "../../elements/Answer";
import { byID, type Column, DataTable } from "../../elements/DataTable";
import { CreateButton, EditButton } from "../../elements/LinkButton";
import { ObjectLink } from "../../elements/ObjectLink";
import { Page, Panel } from "../../elements/Page";
import { unknown } from "../../view/format";
import { useView } from "../../view/view";
import { resourceKinds } from "./NewResourcePage";

const resourceList = graphql(`
  query ResourceList($kinds: [String!], $filter: Filter) {
    resources(kinds: $kinds, filter: $filter, first: 500) {
      total
      items {
        id
        cluster
        namespace
        name
        kind
        group
        created
      }
    }
  }
`);

type Resource = ResourceListQuery["resources"]["items"][number];

const columns: Column<Resource>[] = [
  { title: "Name", cell: ({ id, name }) => <ObjectLink id={id}>{name}</ObjectLink> },
  { title: "Namespace", cell: ({ namespace }) => namespace ?? unknown },
  { title: "Cluster", cell: ({ cluster }) => cluster },
  { title: "Type", cell: ({ kind }) => kind },
  { title: "Age", cell: ({ created }) => <Age of={created} /> },
];

const editing = (title: string): Column<Resource> => ({
  title,
  right: true,
  cell: ({ id, kind, name }) => <EditButton id={id} label={`Edit ${kind} ${name}`} compact />,
});

/** All resources that configure the mesh. */
export function ResourcesPage() {
  const { filter } = useView();
  const [search, setSearch] = useSearchParams();
  const chosen = search.getAll("kind");
  const [name, setName] = useState("");
  const [part] = useDebouncedValue(name.trim().toLowerCase(), 200);
  const kinds = useAsk(resourceKinds, {}, { freshness: "fixed" });
  const resources = useAsk(resourceList, {
    kinds: chosen.length ? chosen : null,
    filter: { ...filter, ...(part ? { name: part } : {}) },
  });
  return (
    <Page title="Istio resources" actions={<CreateButton />}>
      <Panel
        flush
        actions={
          <>
            <MultiSelect
              aria-label="Types"
              placeholder={chosen.length ? undefined : "All types"}
              data={kinds.data?.resourceKinds.map(({ key, kind }) => ({ value: key, label: kind })) ?? []}
              value={chosen}
              onChange={(values) =>
                setSearch((current) => {
                  const next = new URLSearchParams(current);
                  next.delete("kind");
                  for (const value of values) {
                    next.append("kind", value);
                  }
                  return next;
                })
              }
              clearable
              searchable
              size="xs"
              miw={260}
            />
            <TextInput
              aria-label="Name"
              placeholder="Part of the name"
              size="xs"
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
          </>
        }
      >
        <Answer of={resources} what="the resources">
          {({ resources: { items, total } }) =>
            items.length === 0 ? (
              <Empty title="No resources here">Create one from a template, or choose other namespaces and types.</Empty>
            ) : (
              <DataTable
                rows={items}
                columns={[
                  ...columns,
                  editing(total > items.length ? `first ${items.length} of ${total}` : `${total} in all`),
                ]}
                keyOf={byID}
              />
            )
          }
        </Answer>
      </Panel>
    </Page>
  );
}
