import { Button, MultiSelect, Table, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconPencil, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { Link, useSearchParams } from "react-router";
import { graphql } from "../../api/generated";
import { useAsk } from "../../api/queries";
import { Age } from "../../elements/Age";
import { Answer, Empty } from "../../elements/Answer";
import { ObjectLink } from "../../elements/ObjectLink";
import { Page, Panel } from "../../elements/Page";
import { unknown } from "../../view/format";
import { addressOf } from "../../view/id";
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

/** All resources that configure the mesh. */
export function ResourcesPage() {
  const { filter, within } = useView();
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
    <Page
      title="Istio resources"
      actions={
        <Button component={Link} to={within("/resources/new")} size="xs" leftSection={<IconPlus size={14} />}>
          Create new
        </Button>
      }
    >
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
              <Table>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>Name</Table.Th>
                    <Table.Th>Namespace</Table.Th>
                    <Table.Th>Cluster</Table.Th>
                    <Table.Th>Type</Table.Th>
                    <Table.Th>Age</Table.Th>
                    <Table.Th>
                      {total > items.length ? `first ${items.length} of ${total}` : `${total} in all`}
                    </Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {items.map((resource) => (
                    <Table.Tr key={resource.id}>
                      <Table.Td>
                        <ObjectLink id={resource.id}>{resource.name}</ObjectLink>
                      </Table.Td>
                      <Table.Td>{resource.namespace ?? unknown}</Table.Td>
                      <Table.Td>{resource.cluster}</Table.Td>
                      <Table.Td>{resource.kind}</Table.Td>
                      <Table.Td>
                        <Age of={resource.created} />
                      </Table.Td>
                      <Table.Td ta="right">
                        <Button
                          component={Link}
                          to={within(editAddress(resource.id))}
                          variant="default"
                          size="compact-xs"
                          leftSection={<IconPencil size={13} />}
                          aria-label={`Edit ${resource.kind} ${resource.name}`}
                        >
                          Edit
                        </Button>
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            )
          }
        </Answer>
      </Panel>
    </Page>
  );
}

/** The page where a resource's text is edited, also for kinds with a page of their own. */
export function editAddress(id: string): string {
  return addressOf(id).replace(/^\/[^/]+\//, "/resources/");
}
