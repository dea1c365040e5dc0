import { graphql } from "../../api/generated";
import { useAsk } from "../../api/queries";
import { Answer, Empty } from "../../elements/Answer";
import { Events } from "../../elements/Events";
import { Facts } from "../../elements/Facts";
import { Findings } from "../../elements/Findings";
import { EditButton } from "../../elements/LinkButton";
import { Page, Panel } from "../../elements/Page";
import { PodTable } from "../../elements/PodTable";
import { Status, toneOf } from "../../elements/Status";
import { useID } from "../../elements/useID";
import { YamlButton } from "../../elements/YamlButton";
import { parseID } from "../../view/id";
import { Proxies } from "./Proxies";
import { TrustBundles } from "./TrustBundles";

const controlPlanes = graphql(`
  query ControlPlanes {
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
        ...PodRow
      }
      proxies {
        id
        namespace
        name
        version
        proxyless
        cds
        lds
        eds
        rds
        problems
        pod
      }
    }
  }
`);

/** One control plane of Istio. */
export function ControlPlanePage() {
  const id = useID();
  const answer = useAsk(controlPlanes, {});
  const plane = answer.data?.controlPlanes.find((one) => one.id === id);
  return (
    <Page
      title={parseID(id).name}
      kind="Control plane"
      actions={
        plane && (
          <>
            <YamlButton title={plane.name} text={plane.yaml} />
            <EditButton id={id} />
          </>
        )
      }
    >
      <Answer of={answer} what="the control plane">
        {() =>
          plane ? (
            <>
              <Panel>
                <Facts
                  of={[
                    [
                      "Status",
                      <Status key="status" tone={toneOf(plane.status)}>
                        {plane.status || "Unknown"}
                      </Status>,
                    ],
                    ["Why", plane.message],
                    ["Cluster name", plane.cluster],
                    ["Namespace", plane.namespace],
                    ["Version", plane.version],
                    ["Revision", plane.revision],
                    ["Mode", plane.mode],
                    ["Network", plane.network],
                    ["Namespaces that it injects", plane.namespaces.join(", ") || "none"],
                  ]}
                />
              </Panel>
              <Panel title="Pods" flush>
                <PodTable pods={plane.pods} />
              </Panel>
              <Proxies proxies={plane.proxies} />
              <TrustBundles controlPlane={id} />
              <Findings controlPlane={plane.revision} />
              <Events id={id} />
            </>
          ) : (
            <Empty title="This control plane is not there">It was deleted, or you may not see it.</Empty>
          )
        }
      </Answer>
    </Page>
  );
}
