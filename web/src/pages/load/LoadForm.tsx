import { Alert, Button, Group, NumberInput, Progress, Select, Stack, Text, TextInput } from "@mantine/core";
import { IconPlayerStop, IconSend } from "@tabler/icons-react";
import { useState } from "react";
import { useAllowed } from "../../api/allowed";
import { graphql } from "../../api/generated";
import type { HttpMethod, LoadTargetsQuery, SendRequestsSubscription } from "../../api/generated/graphql";
import { useAsk } from "../../api/queries";
import { useRun } from "../../api/useRun";
import { ActionButton } from "../../elements/ActionButton";
import { Answer, Empty } from "../../elements/Answer";
import { formatSeconds } from "../../view/format";
import { useView } from "../../view/view";

const loadTargets = graphql(`
  query LoadTargets($filter: Filter) {
    services(filter: $filter, first: 500) {
      items {
        id
        cluster
        namespace
        name
        ports {
          name
          number
          protocol
        }
      }
    }
  }
`);

const sendRequests = graphql(`
  subscription SendRequests(
    $service: ID!
    $port: Int!
    $method: HTTPMethod!
    $path: String!
    $requests: Int!
    $perSecond: Float!
  ) {
    sendRequests(
      service: $service
      port: $port
      method: $method
      path: $path
      requests: $requests
      perSecond: $perSecond
    ) {
      sent
      failed
      meanSeconds
      problem
      finished
      answers {
        status
        count
      }
    }
  }
`);

const verbs: Record<HttpMethod, string> = { GET: "get", POST: "create", PUT: "update", DELETE: "delete" };

/** Sends HTTP requests to a service and tells how they are answered. */
export function LoadForm({ service }: { service?: string }) {
  const { filter } = useView();
  const answer = useAsk(loadTargets, { filter: service ? {} : filter });
  return (
    <Answer of={answer} what="the services">
      {({ services: { items } }) => {
        const speaking = items.filter(({ ports }) => ports.length > 0);
        return speaking.length > 0 ? (
          <Form services={speaking} preferred={service} />
        ) : (
          <Empty title="No services here">Choose other namespaces.</Empty>
        );
      }}
    </Answer>
  );
}

type Service = LoadTargetsQuery["services"]["items"][number];

function Form({ services, preferred }: { services: Service[]; preferred?: string }) {
  const [id, setID] = useState(preferred ?? services.find(inUse)?.id ?? services[0]?.id ?? "");
  const service = services.find((one) => one.id === id);
  const [wantedPort, setPort] = useState<number>();
  const port = service?.ports.find(({ number }) => number === wantedPort) ?? service?.ports.find(speaksHTTP);
  const [method, setMethod] = useState<HttpMethod>("GET");
  const [path, setPath] = useState("/");
  const [requests, setRequests] = useState(200);
  const [perSecond, setPerSecond] = useState(10);
  const run = useRun(sendRequests, { repeatable: false });
  const [right] = useAllowed(
    service
      ? [
          {
            cluster: service.cluster,
            namespace: service.namespace,
            verb: verbs[method],
            group: "",
            resource: "services",
            subresource: "proxy",
          },
        ]
      : [],
  );
  return (
    <Stack gap="sm">
      <Group grow align="flex-start">
        <Select
          label="Service"
          searchable
          allowDeselect={false}
          data={services.map((one) => ({ value: one.id, label: `${one.name} (${one.namespace}, ${one.cluster})` }))}
          value={id}
          onChange={(value) => setID(value ?? id)}
        />
        <Select
          label="Port"
          allowDeselect={false}
          data={service?.ports.map(({ name, number }) => ({ value: `${number}`, label: `${number} ${name}` })) ?? []}
          value={port ? `${port.number}` : null}
          onChange={(value) => setPort(Number(value))}
        />
      </Group>
      <Group grow align="flex-start">
        <Select
          label="Method"
          allowDeselect={false}
          data={Object.keys(verbs)}
          value={method}
          onChange={(value) => setMethod((value as HttpMethod) ?? method)}
        />
        <TextInput label="Path" value={path} onChange={(event) => setPath(event.currentTarget.value)} />
      </Group>
      <Group grow align="flex-start">
        <Count label="Requests" most={100_000} value={requests} set={setRequests} />
        <Count label="Requests per second" most={100} value={perSecond} set={setPerSecond} />
      </Group>
      <Text size="xs" c="dimmed">
        HTTP requests go through the API server, from outside of the mesh and without mutual TLS: a service that takes
        mutual TLS only refuses them. Closing this ends them.
      </Text>
      <Group justify="flex-end">
        {run.running && (
          <Button size="xs" variant="default" leftSection={<IconPlayerStop size={14} />} onClick={run.stop}>
            Stop
          </Button>
        )}
        <ActionButton
          may={right}
          disabled={!service || !port || run.running}
          leftSection={<IconSend size={14} />}
          onClick={() =>
            service && port && run.start({ service: service.id, port: port.number, method, path, requests, perSecond })
          }
        >
          Send
        </ActionButton>
      </Group>
      {run.problem && (
        <Alert color="red" variant="outline" role="alert" title="The requests ended early" p="xs">
          {run.problem}
        </Alert>
      )}
      {run.latest && <Answers of={run.latest.sendRequests} wanted={requests} />}
    </Stack>
  );
}

const inUse = ({ namespace, ports }: Service) => !namespace.startsWith("kube-") && ports.some(speaksHTTP);

const speaksHTTP = ({ name, protocol }: Service["ports"][number]) =>
  (protocol ?? name).toLowerCase().startsWith("http");

function Count({
  label,
  most,
  value,
  set,
}: {
  label: string;
  most: number;
  value: number;
  set: (value: number) => void;
}) {
  return (
    <NumberInput
      label={label}
      min={1}
      max={most}
      clampBehavior="strict"
      value={value}
      onChange={(next) => typeof next === "number" && set(next)}
    />
  );
}

function Answers({ of, wanted }: { of: SendRequestsSubscription["sendRequests"]; wanted: number }) {
  const answers = of.answers.map(({ status, count }) => `${count} with ${status}`).join(", ") || "none yet";
  return (
    <div role="status">
      <Progress value={(100 * of.sent) / wanted} aria-label="Requests sent" mb={6} />
      <Text size="sm">
        {of.finished ? "Done: " : ""}
        {of.sent} of {wanted} sent; answers: {answers}
        {of.failed > 0 && `; ${of.failed} without an answer`}
        {of.meanSeconds != null && `; ${formatSeconds(of.meanSeconds)} each`}.
      </Text>
      {of.problem && (
        <Text size="sm" c="var(--smm-bad)">
          {of.problem}
        </Text>
      )}
    </div>
  );
}
