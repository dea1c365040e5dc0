import { MeshNumbers } from "../../elements/MeshNumbers";
import { Page } from "../../elements/Page";

/** How the mesh is, at a glance. */
export function OverviewPage() {
  return (
    <Page title="Overview">
      <MeshNumbers show={["clusters", "services", "workloads", "pods"]} />
    </Page>
  );
}
