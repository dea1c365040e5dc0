import { Text } from "@mantine/core";
import { graphql } from "../../api/generated";
import type { MeshQuery } from "../../api/generated/graphql";
import { useAsk } from "../../api/queries";
import { Answer, Empty } from "../../elements/Answer";
import { byID, type Column, DataTable } from "../../elements/DataTable";
import { CreateButton } from "../../elements/LinkButton";
import { ObjectLink } from "../../elements/ObjectLink";
import { Page, Panel } from "../../elements/Page";
import { Status, toneOf } from "../../elements/Status";
import { Tile, Tiles } from "../../elements/Tile";
import { YamlButton } from "../../elements/YamlButton";
import { formatCount, unknown } from "../../view/format";
import { Clusters } from "./Clusters";
import { Injection } from "./Injection";
import { Members } from "./Members";

const mesh = graphql(`
  query Mesh {
    clusters {
      name
    }
    controlPlanes {
      id
      cluster
      namespace
      name
      revision
      version
      mode
      network
      status
      message
      namespaces
      yaml
      pods {
        ready
      }
    }
    namespaces {
      revision
    }
    numbers {
      pods
      podsInMesh
    }
  }
`);

const planeColumns: Column<MeshQuery["controlPlanes"][number]>[] = [
  { title: "Name", cell: ({ id, name }) => <ObjectLink id={id}>{name}</ObjectLink> },
  { title: "Cluster", cell: ({ cluster }) => cluster },
  { title: "Version", cell: ({ version }) => version },
  { title: "Revision", cell: ({ revision }) => revision },
  { title: "Mode", cell: ({ mode }) => mode },
  { title: "Network", cell: ({ network }) => network || unknown },
  { title: "Pods", cell: ({ pods }) => `${pods.filter(({ ready }) => ready).length}/${pods.length}` },
  {
    title: "Status",
    cell: ({ status, message }) => (
      <>
        <Status tone={toneOf(status)}>{status || "Unknown"}</Status>
        {message && <Text size="xs">{message}</Text>}
      </>
    ),
  },
  { title: "Config", cell: ({ name, yaml }) => <YamlButton compact title={name} text={yaml} /> },
];

/** The mesh: its clusters, its control planes, and who injects which namespace. */
export function MeshPage() {
  const answer = useAsk(mesh, {});
  return (
    <Page title="Mesh" actions={<CreateButton to="/mesh/new">Create mesh</CreateButton>}>
      <Answer of={answer} what="the mesh">
        {({ clusters, controlPlanes, namespaces, numbers }) => (
          <>
            <Tiles>
              <Tile name="Control planes" value={formatCount(controlPlanes.length)} />
              <Tile name="Clusters" value={formatCount(clusters.length)} />
              <Tile
                name="Pods in the mesh"
                value={formatCount(numbers.podsInMesh)}
                detail={`of ${formatCount(numbers.pods)}`}
              />
              <Tile
                name="Namespaces in the mesh"
                value={formatCount(namespaces.filter(({ revision }) => revision).length)}
              />
            </Tiles>
            <Clusters />
            <Panel title="Control planes" flush>
              {controlPlanes.length === 0 ? (
                <Empty title="No control plane yet">
                  Install one with <code>smm install -a</code>, or create an IstioControlPlane under Istio resources.
                </Empty>
              ) : (
                <DataTable rows={controlPlanes} columns={planeColumns} keyOf={byID} />
              )}
            </Panel>
            <Members />
            <Injection planes={controlPlanes} />
          </>
        )}
      </Answer>
    </Page>
  );
}
