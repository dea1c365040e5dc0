import { Group, Select, Text, Tooltip } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useAllowed } from "../../api/allowed";
import { ask } from "../../api/client";
import { graphql } from "../../api/generated";
import { useAsk } from "../../api/queries";
import { Answer } from "../../elements/Answer";
import { type Column, DataTable } from "../../elements/DataTable";
import { Panel } from "../../elements/Page";
import { useView } from "../../view/view";
import { Migration } from "./Migration";
import { OutboundChoice } from "./OutboundChoice";
import { Restart } from "./Restart";

const namespaceList = graphql(`
  query NamespaceList {
    namespaces {
      id
      cluster
      name
      revision
    }
    resources(kinds: ["sidecar.networking.istio.io"], first: 500) {
      items {
        id
        cluster
        namespace
        resourceVersion
        yaml
      }
    }
  }
`);

export const setInjection = graphql(`
  mutation SetInjection($cluster: String!, $namespace: String!, $revision: String) {
    setInjection(cluster: $cluster, namespace: $namespace, revision: $revision) {
      id
      revision
    }
  }
`);

const off = "";

interface Plane {
  cluster: string;
  revision: string;
}

/** Switches automatic sidecar injection on and off for each namespace, and sets what it may reach outside. */
export function Injection({ planes }: { planes: Plane[] }) {
  const { view } = useView();
  const namespaces = useAsk(namespaceList, {});
  const shown = (namespaces.data?.namespaces ?? []).filter(
    ({ cluster, name }) =>
      (!view.clusters.length || view.clusters.includes(cluster)) &&
      (!view.namespaces.length || view.namespaces.includes(name)),
  );
  const rights = useAllowed(
    shown
      .slice(0, 200)
      .map(({ cluster, name }) => ({ cluster, verb: "patch", group: "", resource: "namespaces", namespace: name })),
  );
  const mayRestrict = useAllowed(
    shown.slice(0, 200).map(({ cluster, name }) => ({
      cluster,
      verb: "create",
      group: "networking.istio.io",
      resource: "sidecars",
      namespace: name,
    })),
  );
  const rows = shown.map((namespace, index) => ({ namespace, right: rights[index], restricting: mayRestrict[index] }));
  const columns: Column<(typeof rows)[number]>[] = [
    { title: "Namespace", cell: ({ namespace }) => namespace.name },
    { title: "Cluster", cell: ({ namespace }) => namespace.cluster },
    {
      title: "New pods get a proxy of",
      cell: ({ namespace, right }) => <Choice namespace={namespace} planes={planes} right={right} />,
    },
    {
      title: "May reach outside of the mesh",
      cell: ({ namespace, restricting }) => (
        <OutboundChoice namespace={namespace} sidecars={namespaces.data?.resources.items ?? []} right={restricting} />
      ),
    },
    {
      title: "",
      right: true,
      cell: ({ namespace }) => (
        <Group gap={6} justify="flex-end" wrap="nowrap">
          <Migration namespace={namespace} revisions={revisionsOf(planes, namespace.cluster)} />
          {namespace.revision && <Restart cluster={namespace.cluster} name={namespace.name} />}
        </Group>
      ),
    },
  ];
  return (
    <Panel title="Namespaces" flush>
      <Answer of={namespaces} what="the namespaces">
        {() => (
          <DataTable rows={rows} columns={columns} keyOf={({ namespace }) => namespace.id} none="You may see none." />
        )}
      </Answer>
    </Panel>
  );
}

function revisionsOf(planes: Plane[], cluster: string): string[] {
  return planes.filter((plane) => plane.cluster === cluster).map(({ revision }) => revision);
}

interface ChoiceProps {
  namespace: { cluster: string; name: string; revision?: string | null };
  planes: Plane[];
  right: { allowed: boolean; reason?: string } | undefined;
}

function Choice({ namespace, planes, right }: ChoiceProps) {
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  const { cluster, name, revision } = namespace;
  const revisions = revisionsOf(planes, cluster);
  const choices = [...new Set(revision ? [...revisions, revision] : revisions)];

  async function choose(chosen: string | null) {
    setBusy(true);
    try {
      await ask(setInjection, { cluster, namespace: name, revision: chosen || null });
      await client.invalidateQueries({ queryKey: ["inventory"] });
      notifications.show({
        color: "teal",
        title: chosen ? `Injection is on in ${name}` : `Injection is off in ${name}`,
        message: "It holds for new pods: restart the workloads for the pods that are there.",
      });
    } catch (failure) {
      notifications.show({
        color: "red",
        title: `The injection of ${name} could not be changed`,
        message: failure instanceof Error ? failure.message : String(failure),
      });
    } finally {
      setBusy(false);
    }
  }

  if (choices.length === 0) {
    return <Text size="sm">none: the cluster has no control plane</Text>;
  }
  return (
    <Tooltip label={right?.reason} disabled={right?.allowed !== false} multiline maw={320}>
      <Select
        size="xs"
        w={280}
        aria-label={`Control plane of ${name}`}
        data={[{ value: off, label: "none (off)" }, ...choices.map((choice) => ({ value: choice, label: choice }))]}
        value={revision ?? off}
        allowDeselect={false}
        disabled={busy || right?.allowed === false}
        onChange={(chosen) => void choose(chosen)}
      />
    </Tooltip>
  );
}
