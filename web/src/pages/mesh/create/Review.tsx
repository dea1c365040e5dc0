import { Alert, List, Loader, Text } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { graphql } from "../../../api/generated";
import { useAsk } from "../../../api/queries";
import { Facts } from "../../../elements/Facts";
import { ObjectLink } from "../../../elements/ObjectLink";
import { Panel } from "../../../elements/Page";
import { Status } from "../../../elements/Status";
import { YamlButton } from "../../../elements/YamlButton";
import { formatNumber } from "../../../view/format";
import { restart } from "../restart";
import { type Plan, resourceOf, stateOf, totalOf } from "./plan";
import type { Creation } from "./useCreation";

const controlPlaneStates = graphql(`
  query ControlPlaneStates {
    controlPlanes {
      id
      status
      message
    }
  }
`);

/** What would be made, and once it is made, how far it is. */
export function Review({ plan, creation }: { plan: Plan; creation: Creation }) {
  const total = totalOf(plan);
  return (
    <>
      <Panel
        title="Review"
        actions={<YamlButton compact title={plan.name || "the new mesh"} text={resourceOf(plan)} />}
      >
        <Facts
          of={[
            ["Name", plan.name || "not chosen yet"],
            ["Cluster", plan.cluster],
            ["Istio", plan.version],
            ["Instances", plan.most > plan.least ? `${plan.least} to ${plan.most}` : plan.least],
            ["Total resources", `${formatNumber(total.cpu)} CPU, ${formatNumber(total.memory)} MiB`],
            ["Nodes", plan.nodes.join(", ") || "any"],
            ["Namespaces", plan.namespaces.join(", ") || "none yet"],
            [
              "Workloads there",
              plan.namespaces.length === 0 ? undefined : plan.restart ? "restarted" : "keep running as they are",
            ],
          ]}
        />
      </Panel>
      {creation.problem && (
        <Alert color="red" variant="outline" role="alert" title="It was not created as a whole">
          {creation.problem}
        </Alert>
      )}
      {creation.made && <Progress plan={plan} creation={creation} id={creation.made} />}
    </>
  );
}

const words = { Installing: "info", Running: "good", Failed: "bad" } as const;

/** From Installing to Running; then the workloads are restarted, if they are to be. */
function Progress({ plan, creation, id }: { plan: Plan; creation: Creation; id: string }) {
  const { data } = useAsk(controlPlaneStates, {}, { freshness: "metrics" });
  const plane = data?.controlPlanes.find((one) => one.id === id);
  const state = stateOf(plane?.status);
  const [restarted, setRestarted] = useState<string[]>([]);
  const asked = useRef(false);
  useEffect(() => {
    if (state !== "Running" || creation.state !== "done" || !plan.restart || asked.current) {
      return;
    }
    asked.current = true;
    for (const name of plan.namespaces) {
      void restart(plan.cluster, name)
        .then((workloads) => `Restarted in ${name}: ${workloads.join(", ") || "nothing runs there"}`)
        .catch(
          (failure: unknown) => `Could not restart ${name}: ${failure instanceof Error ? failure.message : failure}`,
        )
        .then((line) => setRestarted((known) => [...known, line]));
    }
  }, [state, creation.state, plan]);
  return (
    <Panel title="Progress">
      <div role="status">
        <Status tone={words[state]}>{state}</Status> {state === "Installing" && <Loader size="xs" aria-hidden />}
        {plane?.message && <Text size="sm">{plane.message}</Text>}
      </div>
      {state === "Installing" && (
        <Text size="xs" c="dimmed">
          The operator of the cluster installs it, in one to three minutes. Without an operator nothing happens: start
          one with <code>smm operator install</code>.
        </Text>
      )}
      <List size="sm" mt="xs">
        {[...creation.steps, ...restarted].map((step) => (
          <List.Item key={step}>{step}</List.Item>
        ))}
      </List>
      <ObjectLink id={id}>Open the control plane</ObjectLink>
    </Panel>
  );
}
