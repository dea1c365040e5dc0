import { ActionIcon, Button, CloseButton, Group, Stack, Tabs, Text, Title } from "@mantine/core";
import { IconExternalLink, IconFocus2 } from "@tabler/icons-react";
import { Link as RouterLink } from "react-router";
import { HealthPanel } from "../../elements/HealthPanel";
import { AddressContext } from "../../elements/ObjectLink";
import { addressOf, parseID } from "../../view/id";
import { useView } from "../../view/view";
import { NodeDetails } from "../nodes/NodeDetails";
import { PodDetails } from "../pods/PodDetails";
import { ServiceDetails } from "../services/ServiceDetails";
import { WorkloadDetails } from "../workloads/WorkloadDetails";
import { Flows } from "./Flows";
import type { Graph, Item } from "./graph";
import { kindNames } from "./nodes";
import classes from "./TopologyPage.module.css";

interface Props {
  /** The chosen node of the graph, or the ID of an object that was reached from one. */
  id: string;
  graph: Graph;
  addressHere: (id: string) => string;
  close: () => void;
  focus: (id: string) => void;
}

/** What is known of the chosen node, down to the pods and the machines that they run on. */
export function SidePanel({ id, graph, addressHere, close, focus }: Props) {
  const { within } = useView();
  const item = graph.items.find((one) => one.id === id || one.objectID === id);
  const objectID = item ? item.objectID : id;
  const title = item?.label ?? parseID(id).name;
  return (
    <aside className={classes.panel} aria-label={title}>
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <div>
          <Text size="xs" c="dimmed">
            {item ? kindNames[item.kind] : parseID(id).kind}
          </Text>
          <Title order={2}>{title}</Title>
        </div>
        <Group gap={4} wrap="nowrap">
          {item && (
            <Button
              size="compact-xs"
              variant="default"
              leftSection={<IconFocus2 size={13} />}
              onClick={() => focus(item.id)}
            >
              Focus
            </Button>
          )}
          {objectID && (
            <ActionIcon
              component={RouterLink}
              to={within(addressOf(objectID))}
              variant="subtle"
              aria-label={`Open the page of ${title}`}
            >
              <IconExternalLink size={16} />
            </ActionIcon>
          )}
          <CloseButton aria-label="Close the panel" onClick={close} />
        </Group>
      </Group>
      <Stack gap="sm" mt="sm">
        {item && <Flows item={item} graph={graph} />}
        <AddressContext value={addressHere}>
          {objectID ? <Details id={objectID} /> : item && <Outside item={item} />}
        </AddressContext>
      </Stack>
    </aside>
  );
}

function Details({ id }: { id: string }) {
  switch (parseID(id).kind) {
    case "pod":
      return <PodDetails id={id} />;
    case "node":
      return <NodeDetails id={id} />;
    default:
      return <Judged key={id} id={id} />;
  }
}

/** A service or workload, which has health. */
function Judged({ id }: { id: string }) {
  return (
    <Tabs defaultValue="overview" keepMounted={false}>
      <Tabs.List mb="sm">
        <Tabs.Tab value="overview">Overview</Tabs.Tab>
        <Tabs.Tab value="health">Health</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="overview" className="stack">
        {parseID(id).kind === "service" ? <ServiceDetails id={id} /> : <WorkloadDetails id={id} />}
      </Tabs.Panel>
      <Tabs.Panel value="health" className="stack">
        <HealthPanel id={id} />
      </Tabs.Panel>
    </Tabs>
  );
}

function Outside({ item }: { item: Item }) {
  return (
    <Text size="sm" c="dimmed">
      {item.kind === "EXTERNAL"
        ? "A ServiceEntry names this host outside of the mesh."
        : "No object of a known cluster stands behind it: it is known from metrics only."}
    </Text>
  );
}
