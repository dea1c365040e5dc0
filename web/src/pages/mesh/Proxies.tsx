import { Text } from "@mantine/core";
import type { ControlPlanesQuery, SyncState } from "../../api/generated/graphql";
import { byID, type Column, DataTable } from "../../elements/DataTable";
import { ObjectLink } from "../../elements/ObjectLink";
import { Panel } from "../../elements/Page";
import { Status, type Tone } from "../../elements/Status";
import { unknown } from "../../view/format";

type Proxy = ControlPlanesQuery["controlPlanes"][number]["proxies"][number];

const states: Record<SyncState, { tone: Tone; text: string }> = {
  SYNCED: { tone: "good", text: "synced" },
  STALE: { tone: "warning", text: "stale" },
  NOT_SENT: { tone: "neutral", text: "not sent" },
  REJECTED: { tone: "bad", text: "rejected" },
  UNKNOWN: { tone: "neutral", text: "unknown" },
};

const sync = (title: string, pick: (proxy: Proxy) => SyncState): Column<Proxy> => ({
  title,
  cell: (proxy) => <Status tone={states[pick(proxy)].tone}>{states[pick(proxy)].text}</Status>,
});

const columns: Column<Proxy>[] = [
  { title: "Proxy", cell: (proxy) => <Name of={proxy} /> },
  { title: "Namespace", cell: ({ namespace }) => namespace },
  { title: "Version", cell: ({ version }) => version ?? unknown },
  sync("CDS", ({ cds }) => cds),
  sync("LDS", ({ lds }) => lds),
  sync("EDS", ({ eds }) => eds),
  sync("RDS", ({ rds }) => rds),
];

/** The proxies of a control plane, and how far each has its configuration. */
export function Proxies({ proxies }: { proxies: Proxy[] }) {
  return (
    <Panel title={`Proxies (${proxies.length})`} flush>
      <DataTable
        rows={proxies}
        columns={columns}
        keyOf={byID}
        none="No proxy is connected. Switch injection on for a namespace and restart its workloads."
      />
    </Panel>
  );
}

function Name({ of: { id, name, pod, proxyless, problems } }: { of: Proxy }) {
  return (
    <>
      {pod ? <ObjectLink id={id}>{name}</ObjectLink> : name}
      {proxyless && (
        <Text span size="xs" c="dimmed">
          {" "}
          proxyless
        </Text>
      )}
      {problems.map((problem) => (
        <Text key={problem} size="xs" c="var(--smm-bad)">
          {problem}
        </Text>
      ))}
    </>
  );
}
