import { Select, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useAllowed } from "../../api/allowed";
import { graphql } from "../../api/generated";
import type { PolicyResourcesQuery } from "../../api/generated/graphql";
import { useAsk } from "../../api/queries";
import { ActionButton } from "../../elements/ActionButton";
import { Answer } from "../../elements/Answer";
import { type Column, DataTable } from "../../elements/DataTable";
import { ObjectLink } from "../../elements/ObjectLink";
import { Panel } from "../../elements/Page";
import { apply, remove } from "../resources/apply";
import { findPolicy, type Policy, policies, policyPort, readPolicies, writePolicies } from "./mutualTLS";
import { formatPort } from "./ports";

const policyResources = graphql(`
  query PolicyResources($id: ID!, $filter: Filter) {
    service(id: $id) {
      cluster
      namespace
      name
      selector {
        key
        value
      }
      ports {
        name
        number
        protocol
        targetPort
      }
    }
    resources(kinds: ["peerauthentication.security.istio.io"], filter: $filter, first: 500) {
      items {
        id
        name
        namespace
        resourceVersion
        yaml
      }
    }
  }
`);

type Port = NonNullable<PolicyResourcesQuery["service"]>["ports"][number];

/** The mutual-TLS policy of each port of a service. */
export function MutualTLS({ id, cluster, namespace }: { id: string; cluster: string; namespace: string }) {
  const answer = useAsk(policyResources, { id, filter: { clusters: [cluster], namespaces: [namespace] } });
  const client = useQueryClient();
  const [wanted, setWanted] = useState(new Map<number, Policy>());
  const [busy, setBusy] = useState(false);
  const [right] = useAllowed([
    { cluster, namespace, verb: "create", group: "security.istio.io", resource: "peerauthentications" },
  ]);
  const service = answer.data?.service;
  const existing = service ? findPolicy(answer.data?.resources.items ?? [], service) : undefined;
  const known = readPolicies(existing?.yaml);

  async function write() {
    if (!service) {
      return;
    }
    setBusy(true);
    try {
      const yaml = writePolicies(existing?.yaml, service, wanted);
      if (yaml) {
        const { problems } = await apply({ cluster, yaml, resourceVersion: existing?.resourceVersion, dryRun: false });
        if (problems.length > 0) {
          throw new Error(problems.map(({ message }) => message).join("; "));
        }
      } else if (existing) {
        await remove(existing.id);
      }
      setWanted(new Map());
      await client.invalidateQueries({ queryKey: ["inventory"] });
      notifications.show({ color: "teal", title: "Applied", message: `The policies of ${service.name} are set.` });
    } catch (failure) {
      const message = failure instanceof Error ? failure.message : String(failure);
      notifications.show({ color: "red", title: "The policies could not be set", message });
    } finally {
      setBusy(false);
    }
  }

  const columns: Column<Port>[] = [
    { title: "Port", cell: formatPort },
    {
      title: "Policy",
      cell: (port) => {
        const target = policyPort(port);
        return target === undefined ? (
          "Its pods name the port: set the policy by number under Istio resources."
        ) : (
          <Select
            size="xs"
            w={200}
            aria-label={`Policy of port ${port.number}`}
            data={policies.map((value) => ({ value, label: value === "DISABLE" ? "DISABLED" : value }))}
            value={wanted.get(target) ?? known.get(target) ?? "DEFAULT"}
            allowDeselect={false}
            disabled={right?.allowed === false}
            onChange={(policy) => setWanted(new Map(wanted).set(target, policy as Policy))}
          />
        );
      },
    },
  ];
  return (
    <Panel
      title="Mutual-TLS policies"
      flush
      actions={
        <ActionButton may={right} disabled={wanted.size === 0} loading={busy} onClick={() => void write()}>
          Apply changes
        </ActionButton>
      }
    >
      <Answer of={answer} what="the policies">
        {() => (
          <>
            <DataTable rows={service?.ports ?? []} columns={columns} keyOf={({ number }) => `${number}`} />
            <Text size="xs" c="dimmed" p="sm">
              STRICT takes mutual TLS only, PERMISSIVE also plain text, DISABLED plain text only; DEFAULT is what holds
              for the namespace or the mesh. {existing && <>They are in </>}
              {existing && <ObjectLink id={existing.id}>PeerAuthentication {existing.name}</ObjectLink>}
            </Text>
          </>
        )}
      </Answer>
    </Panel>
  );
}
