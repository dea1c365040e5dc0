import { Alert, Button, Checkbox, FileButton, Group, Loader, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useAllowed } from "../../api/allowed";
import { graphql } from "../../api/generated";
import { useAsk } from "../../api/queries";
import { useRun } from "../../api/useRun";
import { ActionButton } from "../../elements/ActionButton";

const attachCluster = graphql(`
  subscription AttachCluster($kubeconfig: String!, $name: String, $network: String, $active: Boolean, $force: Boolean) {
    attachCluster(kubeconfig: $kubeconfig, name: $name, network: $network, active: $active, force: $force) {
      text
      finished
      problem
    }
  }
`);

const detachCluster = graphql(`
  subscription DetachCluster($name: String!, $kubeconfig: String, $force: Boolean) {
    detachCluster(name: $name, kubeconfig: $kubeconfig, force: $force) {
      text
      finished
      problem
    }
  }
`);

const firstCluster = graphql(`
  query FirstCluster {
    clusters {
      name
    }
  }
`);

/** Whether the user may change which clusters make up the mesh. */
function useMay(verb: "create" | "delete") {
  const { data } = useAsk(firstCluster, {}, { freshness: "fixed" });
  const cluster = data?.clusters[0]?.name;
  const [right] = useAllowed(
    cluster ? [{ cluster, verb, group: "clusterregistry.k8s.cisco.com", resource: "clusters" }] : [],
  );
  return right;
}

/** Attaches a cluster, and tells how far that is. */
export function Attach() {
  const [kubeconfig, setKubeconfig] = useState("");
  const [name, setName] = useState("");
  const [network, setNetwork] = useState("");
  const [active, setActive] = useState(false);
  const [force, setForce] = useState(false);
  const run = useRun(attachCluster, { repeatable: false });
  const right = useMay("create");
  return (
    <Stack gap="sm">
      <Kubeconfig value={kubeconfig} set={setKubeconfig} required />
      <Group grow align="flex-start">
        <TextInput
          label="Name"
          description="Empty for the kubeconfig's"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <TextInput
          label="Network"
          description="Empty for one of its own"
          value={network}
          onChange={(event) => setNetwork(event.currentTarget.value)}
        />
      </Group>
      <Checkbox
        label="An istiod of its own"
        description="Otherwise its workloads use the one here."
        checked={active}
        onChange={(event) => setActive(event.currentTarget.checked)}
      />
      <Checkbox
        label="Again, though it is attached already"
        checked={force}
        onChange={(event) => setForce(event.currentTarget.checked)}
      />
      <Steps of={run.latest?.attachCluster} running={run.running} problem={run.problem} />
      <Group justify="flex-end">
        <ActionButton
          may={right}
          disabled={run.running || kubeconfig.trim() === ""}
          onClick={() => run.start({ kubeconfig, name: name || null, network: network || null, active, force })}
        >
          Attach
        </ActionButton>
      </Group>
    </Stack>
  );
}

/** Detaches a cluster, and tells how far that is. */
export function Detach({ cluster }: { cluster: string }) {
  const [kubeconfig, setKubeconfig] = useState("");
  const [force, setForce] = useState(false);
  const run = useRun(detachCluster, { repeatable: false });
  const right = useMay("delete");
  return (
    <Stack gap="sm">
      <Text size="sm">
        The mesh is uninstalled from a cluster without an istiod of its own; one with an istiod goes on by itself.
        Without a kubeconfig the others only forget it, and what is in it stays.
      </Text>
      <Kubeconfig value={kubeconfig} set={setKubeconfig} />
      <Checkbox
        label="Although its workloads use the mesh"
        checked={force}
        onChange={(event) => setForce(event.currentTarget.checked)}
      />
      <Steps of={run.latest?.detachCluster} running={run.running} problem={run.problem} />
      <Group justify="flex-end">
        <ActionButton
          may={right}
          color="red"
          disabled={run.running}
          onClick={() => run.start({ name: cluster, kubeconfig: kubeconfig.trim() || null, force })}
        >
          Detach
        </ActionButton>
      </Group>
    </Stack>
  );
}

function Kubeconfig({ value, set, required }: { value: string; set: (value: string) => void; required?: boolean }) {
  return (
    <div>
      <Textarea
        label="Kubeconfig of the cluster"
        description="In which nothing refers to files or programs: kubectl config view --raw --minify --flatten. It is used once and not kept."
        required={required}
        autosize
        minRows={4}
        maxRows={10}
        value={value}
        onChange={(event) => set(event.currentTarget.value)}
        styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: "0.75rem" } }}
      />
      <FileButton onChange={(file) => void file?.text().then(set)}>
        {(props) => (
          <Button {...props} size="compact-xs" variant="default" mt={6}>
            Choose a file
          </Button>
        )}
      </FileButton>
    </div>
  );
}

interface Progress {
  text: string;
  finished: boolean;
  problem: string | null;
}

function Steps({ of: progress, running, problem }: { of?: Progress; running: boolean; problem?: string }) {
  const client = useQueryClient();
  const finished = progress?.finished;
  useEffect(() => {
    if (finished) {
      void client.invalidateQueries({ queryKey: ["inventory"] });
    }
  }, [finished, client]);
  const wrong = progress?.problem ?? problem;
  if (!progress && !wrong && !running) {
    return null;
  }
  return (
    <Alert
      color={wrong ? "red" : finished ? "teal" : "blue"}
      variant="outline"
      role={wrong ? "alert" : "status"}
      title={wrong ? "Stopped" : finished ? "Done" : "Working"}
    >
      <Group gap="xs" wrap="nowrap">
        {running && !finished && !wrong && <Loader size="xs" aria-hidden />}
        <Text size="sm">{wrong ?? progress?.text ?? "Looking at both clusters"}</Text>
      </Group>
      {wrong && <Text size="xs">What was done stays done; trying again goes on from there.</Text>}
    </Alert>
  );
}
