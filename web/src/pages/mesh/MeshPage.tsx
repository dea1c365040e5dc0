import { Table, Text } from "@mantine/core";
import { graphql } from "../../api/generated";
import { useAsk } from "../../api/queries";
import { Answer, Empty } from "../../elements/Answer";
import { ObjectLink } from "../../elements/ObjectLink";
import { Page, Panel } from "../../elements/Page";
import { Status, toneOf } from "../../elements/Status";
import { Tile, Tiles } from "../../elements/Tile";
import { YamlButton } from "../../elements/YamlButton";
import { formatCount, unknown } from "../../view/format";
import { Injection } from "./Injection";

const mesh = graphql(`
  query Mesh {
    clusters {
      name
      version
      reachable
      problem
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

/** The mesh: its clusters, its control planes, and who injects which namespace. */
export function MeshPage() {
  const answer = useAsk(mesh, {});
  return (
    <Page title="Mesh">
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
            <Panel title="Clusters" flush>
              <Table>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>Name</Table.Th>
                    <Table.Th>Kubernetes</Table.Th>
                    <Table.Th>State</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {clusters.map((cluster) => (
                    <Table.Tr key={cluster.name}>
                      <Table.Td>{cluster.name}</Table.Td>
                      <Table.Td>{cluster.version ?? unknown}</Table.Td>
                      <Table.Td>
                        <Status tone={cluster.reachable ? "good" : "bad"}>
                          {cluster.reachable ? "Reachable" : (cluster.problem ?? "Not reachable")}
                        </Status>
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Panel>
            <Panel title="Control planes" flush>
              {controlPlanes.length === 0 ? (
                <Empty title="No control plane yet">
                  Install one with <code>smm install -a</code>, or create an IstioControlPlane under Istio resources.
                </Empty>
              ) : (
                <Table>
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th>Name</Table.Th>
                      <Table.Th>Cluster</Table.Th>
                      <Table.Th>Version</Table.Th>
                      <Table.Th>Revision</Table.Th>
                      <Table.Th>Mode</Table.Th>
                      <Table.Th>Network</Table.Th>
                      <Table.Th>Pods</Table.Th>
                      <Table.Th>Status</Table.Th>
                      <Table.Th>Config</Table.Th>
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {controlPlanes.map((plane) => (
                      <Table.Tr key={plane.id}>
                        <Table.Td>
                          <ObjectLink id={plane.id}>{plane.name}</ObjectLink>
                        </Table.Td>
                        <Table.Td>{plane.cluster}</Table.Td>
                        <Table.Td>{plane.version}</Table.Td>
                        <Table.Td>{plane.revision}</Table.Td>
                        <Table.Td>{plane.mode}</Table.Td>
                        <Table.Td>{plane.network || unknown}</Table.Td>
                        <Table.Td>
                          {plane.pods.filter((pod) => pod.ready).length}/{plane.pods.length}
                        </Table.Td>
                        <Table.Td>
                          <Status tone={toneOf(plane.status)}>{plane.status || "Unknown"}</Status>
                          {plane.message && <Text size="xs">{plane.message}</Text>}
                        </Table.Td>
                        <Table.Td>
                          <YamlButton compact title={plane.name} text={plane.yaml} />
                        </Table.Td>
                      </Table.Tr>
                    ))}
                  </Table.Tbody>
                </Table>
              )}
            </Panel>
            <Injection planes={controlPlanes} />
          </>
        )}
      </Answer>
    </Page>
  );
}
