import { Alert, Button, Group, List, Modal, Select, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconArrowsRightLeft } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useAllowed } from "../../api/allowed";
import { graphql } from "../../api/generated";
import type { MigrateNamespaceSubscription, MigrationPlanQuery } from "../../api/generated/graphql";
import { useAsk } from "../../api/queries";
import { useRun } from "../../api/useRun";
import { ActionButton } from "../../elements/ActionButton";
import { Answer } from "../../elements/Answer";

const migrationPlan = graphql(`
  query MigrationPlan($cluster: String!, $namespace: String!, $to: String) {
    migrationPlan(cluster: $cluster, namespace: $namespace, to: $to) {
      from
      to
      gateways
      restart
      moved
      left {
        name
        reason
      }
    }
  }
`);

const migrateNamespace = graphql(`
  subscription MigrateNamespace($cluster: String!, $namespace: String!, $to: String) {
    migrateNamespace(cluster: $cluster, namespace: $namespace, to: $to) {
      text
      finished
      problem
      restarted
      left {
        name
        reason
      }
    }
  }
`);

interface Props {
  namespace: { cluster: string; name: string; revision: string | null };
  /** Values of the revision label that select the cluster's control planes. */
  revisions: string[];
}

/** Moves a namespace that is in the mesh to another control plane, or back. */
export function Migration({ namespace, revisions }: Props) {
  const [opened, { open, close }] = useDisclosure();
  if (!namespace.revision) {
    return null;
  }
  return (
    <>
      <Button
        size="compact-xs"
        variant="default"
        leftSection={<IconArrowsRightLeft size={13} />}
        onClick={open}
        aria-label={`Move ${namespace.name} to another control plane`}
      >
        Move
      </Button>
      <Modal opened={opened} onClose={close} title={`Move namespace ${namespace.name}`} size="lg">
        <Move namespace={namespace} revisions={revisions} />
      </Modal>
    </>
  );
}

const back = "";

function Move({ namespace: { cluster, name, revision }, revisions }: Props) {
  const others = revisions.filter((one) => one !== revision);
  const [to, setTo] = useState(others[0] ?? back);
  const target = { cluster, namespace: name, to: to || null };
  const plan = useAsk(migrationPlan, target);
  const run = useRun(migrateNamespace, { repeatable: true });
  const client = useQueryClient();
  const [mayLabel, mayRestart] = useAllowed([
    { cluster, verb: "patch", group: "", resource: "namespaces", namespace: name },
    { cluster, verb: "patch", group: "apps", resource: "deployments", namespace: name },
  ]);
  const progress = run.latest?.migrateNamespace;
  useEffect(() => {
    if (progress?.finished) {
      void client.invalidateQueries({ queryKey: ["inventory"] });
    }
  }, [progress?.finished, client]);
  return (
    <Stack gap="sm">
      <Select
        label="To"
        allowDeselect={false}
        disabled={run.running}
        data={[
          ...others.map((one) => ({ value: one, label: one })),
          { value: back, label: "back to the control plane before" },
        ]}
        value={to}
        onChange={(chosen) => setTo(chosen ?? back)}
      />
      {!run.running && !progress?.finished && (
        <Answer of={plan} what="what it would do">
          {(data) => <Plan of={data.migrationPlan} />}
        </Answer>
      )}
      {progress && <Steps of={progress} />}
      {run.problem && (
        <Alert color="orange" variant="outline" role="alert" p="xs">
          {run.problem}. What was moved stays moved; moving again goes on from there.
        </Alert>
      )}
      <Text size="xs" c="dimmed">
        One workload after the other is restarted, the next one when it is healthy. Closing this stops it after the
        current one; it can be taken up again at any time.
      </Text>
      <Group justify="flex-end">
        {run.running && (
          <Button size="xs" variant="default" onClick={run.stop}>
            Stop
          </Button>
        )}
        <ActionButton
          may={mayLabel?.allowed ? mayRestart : mayLabel}
          disabled={run.running || plan.data === undefined || plan.error !== null}
          onClick={() => run.start(target)}
        >
          {to === back ? "Move back" : "Move"}
        </ActionButton>
      </Group>
    </Stack>
  );
}

function Plan({ of: plan }: { of: MigrationPlanQuery["migrationPlan"] }) {
  const steps = [
    ...(plan.from === plan.to ? [] : [`label the namespace ${plan.to} instead of ${plan.from}`]),
    ...plan.gateways.map((name) => `have IstioMeshGateway ${name} refer to it`),
    ...plan.restart.map((name) => `restart ${name}`),
  ];
  return (
    <div>
      <Text size="sm" fw={500}>
        {steps.length === 0 ? "Everything is there already." : "It would"}
      </Text>
      <List size="sm">
        {steps.map((step) => (
          <List.Item key={step}>{step}</List.Item>
        ))}
      </List>
      <Left of={plan.left} />
    </div>
  );
}

function Steps({ of: progress }: { of: MigrateNamespaceSubscription["migrateNamespace"] }) {
  return (
    <Alert
      color={progress.problem ? "red" : progress.finished ? "teal" : "blue"}
      variant="outline"
      role="status"
      title={progress.finished ? "Moved" : progress.problem ? "Stopped" : "Moving"}
    >
      <Text size="sm">{progress.text}</Text>
      {progress.problem && <Text size="sm">{progress.problem}</Text>}
      {progress.restarted.length > 0 && <Text size="sm">Restarted: {progress.restarted.join(", ")}</Text>}
      <Left of={progress.left} />
    </Alert>
  );
}

function Left({ of: left }: { of: { name: string; reason: string }[] }) {
  return left.map(({ name, reason }) => (
    <Text key={name} size="sm">
      {name} stays where it is: {reason}
    </Text>
  ));
}
