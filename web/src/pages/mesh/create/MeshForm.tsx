import {
  Alert,
  Checkbox,
  Group,
  MultiSelect,
  NumberInput,
  SegmentedControl,
  Select,
  Stack,
  Text,
  TextInput,
} from "@mantine/core";
import { useState } from "react";
import { useAllowed } from "../../../api/allowed";
import { graphql } from "../../../api/generated";
import type { MeshChoicesQuery } from "../../../api/generated/graphql";
import { useAsk } from "../../../api/queries";
import { ActionButton } from "../../../elements/ActionButton";
import { Panel } from "../../../elements/Page";
import classes from "./MeshForm.module.css";
import { longest, nameProblem, namespace, type Plan, problemsOf, usual } from "./plan";
import { Review } from "./Review";
import { useCreation } from "./useCreation";

const nodeNames = graphql(`
  query NodeNames($cluster: String!) {
    nodes(cluster: $cluster) {
      name
      ready
    }
  }
`);

const notInjected = /^(kube-|istio-system$|smm-system$|smm-registry-access$|cert-manager$)/;

export function MeshForm({ choices }: { choices: MeshChoicesQuery }) {
  const [plan, setPlan] = useState<Plan>({
    ...usual,
    cluster: choices.clusters[0]?.name ?? "",
    version: choices.istioVersions[0]?.version ?? "",
  });
  const set = (change: Partial<Plan>) => setPlan((known) => ({ ...known, ...change }));
  const nodes = useAsk(nodeNames, { cluster: plan.cluster }, { enabled: plan.cluster !== "" });
  const [right] = useAllowed([
    {
      cluster: plan.cluster,
      namespace,
      verb: "create",
      group: "servicemesh.cisco.com",
      resource: "istiocontrolplanes",
    },
  ]);
  const creation = useCreation();
  const planes = choices.controlPlanes.filter(({ cluster }) => cluster === plan.cluster);
  const wrongName = nameProblem(
    plan.name,
    planes.map(({ name }) => name),
  );
  const problems = problemsOf(plan);
  const version = choices.istioVersions.find((one) => one.version === plan.version);
  const free = choices.namespaces.filter(({ cluster, name }) => cluster === plan.cluster && !notInjected.test(name));
  return (
    <div className={classes.columns}>
      <Stack gap="md">
        <Panel title="Mesh">
          <Stack gap="sm">
            <Group grow align="flex-start">
              <TextInput
                label="Name"
                description={`4 to ${longest} of a–z, 0–9 and hyphen; it stays`}
                required
                value={plan.name}
                error={plan.name !== "" && wrongName}
                onChange={(event) => set({ name: event.currentTarget.value })}
              />
              <Select
                label="Istio version"
                description={version ? `for Kubernetes ${version.kubernetes}` : undefined}
                allowDeselect={false}
                data={choices.istioVersions.map((one) => one.version)}
                value={plan.version}
                onChange={(value) => set({ version: value ?? plan.version })}
              />
            </Group>
            <Select
              label="Cluster"
              allowDeselect={false}
              data={choices.clusters.map(({ name, version: kubernetes }) => ({
                value: name,
                label: kubernetes ? `${name} (Kubernetes ${kubernetes})` : name,
              }))}
              value={plan.cluster}
              onChange={(value) => set({ cluster: value ?? plan.cluster, nodes: [], namespaces: [] })}
            />
          </Stack>
        </Panel>
        <Panel title="Control plane">
          <Stack gap="sm">
            <Group grow align="flex-start">
              <Amount label="Least instances" least={1} value={plan.least} set={(least) => set({ least })} />
              <Amount label="Most instances" least={1} value={plan.most} set={(most) => set({ most })} />
              <Amount label="CPUs of each" least={0.05} step={0.1} value={plan.cpu} set={(cpu) => set({ cpu })} />
              <Amount
                label="Memory of each, MiB"
                least={128}
                step={128}
                value={plan.memory}
                set={(memory) => set({ memory })}
              />
            </Group>
            <div>
              <Text size="sm" fw="var(--mantine-font-weight-medium)" id="anti-affinity">
                Pod anti-affinity
              </Text>
              <SegmentedControl
                size="xs"
                aria-labelledby="anti-affinity"
                data={[
                  { value: "preferred", label: "Preferred" },
                  { value: "mandatory", label: "Mandatory" },
                ]}
                value={plan.antiAffinity}
                onChange={(value) => set({ antiAffinity: value as Plan["antiAffinity"] })}
              />
              <Text size="xs" c="dimmed">
                {plan.antiAffinity === "mandatory"
                  ? "Never two instances on one node."
                  : "Instances are spread over the nodes where that is possible."}
              </Text>
            </div>
            <MultiSelect
              label="Nodes"
              description={nodes.error ? `They could not be read: ${nodes.error.message}` : "Where its pods may be."}
              placeholder={plan.nodes.length ? undefined : "Any node"}
              data={nodes.data?.nodes.map(({ name }) => name) ?? []}
              value={plan.nodes}
              onChange={(value) => set({ nodes: value })}
              clearable
            />
          </Stack>
        </Panel>
        <Panel title="Sidecars and traffic">
          <Group grow align="flex-start">
            <Amount
              label="Sidecar CPUs"
              least={0.01}
              step={0.05}
              value={plan.sidecarCPU}
              set={(sidecarCPU) => set({ sidecarCPU })}
            />
            <Amount
              label="Sidecar memory, MiB"
              least={32}
              step={32}
              value={plan.sidecarMemory}
              set={(sidecarMemory) => set({ sidecarMemory })}
            />
            <Amount
              label="Traced requests, %"
              least={0}
              most={100}
              value={plan.sampling}
              set={(sampling) => set({ sampling })}
            />
            <Amount label="HTTP retries" least={0} most={10} value={plan.retries} set={(retries) => set({ retries })} />
          </Group>
        </Panel>
        <Panel title="Namespaces">
          <Stack gap="sm">
            <MultiSelect
              label="Inject sidecars into"
              description="New pods of these namespaces get a proxy of this mesh."
              placeholder={plan.namespaces.length ? undefined : "None yet"}
              data={free.map(({ name, revision }) => ({
                value: name,
                label: revision ? `${name} (now ${revision})` : name,
              }))}
              value={plan.namespaces}
              onChange={(value) => set({ namespaces: value })}
              searchable
              clearable
            />
            <Checkbox
              label="Restart the workloads that run there"
              description="It interrupts them for a moment. Otherwise their pods get a proxy when they are made anew."
              checked={plan.restart}
              disabled={plan.namespaces.length === 0}
              onChange={(event) => set({ restart: event.currentTarget.checked })}
            />
          </Stack>
        </Panel>
      </Stack>
      <Stack gap="md">
        <Review plan={plan} creation={creation} />
        {problems.map((problem) => (
          <Alert key={problem} color="red" variant="outline" role="alert" p="xs">
            {problem}
          </Alert>
        ))}
        <ActionButton
          may={right}
          disabled={
            wrongName !== undefined || problems.length > 0 || creation.state === "working" || creation.state === "done"
          }
          loading={creation.state === "working"}
          onClick={() => void creation.create(plan)}
        >
          Create mesh
        </ActionButton>
      </Stack>
    </div>
  );
}

interface AmountProps {
  label: string;
  least: number;
  most?: number;
  step?: number;
  value: number;
  set: (value: number) => void;
}

function Amount({ label, least, most, step = 1, value, set }: AmountProps) {
  return (
    <NumberInput
      label={label}
      min={least}
      max={most}
      step={step}
      clampBehavior="blur"
      value={value}
      onChange={(next) => typeof next === "number" && set(next)}
    />
  );
}
