import { HealthPanel } from "../../elements/HealthPanel";
import { Page } from "../../elements/Page";
import { Tabbed } from "../../elements/Tabbed";
import { useID } from "../../elements/useID";
import { parseID } from "../../view/id";
import { WorkloadDetails } from "./WorkloadDetails";

export function WorkloadPage() {
  const id = useID();
  return (
    <Page title={parseID(id).name} kind="Workload">
      <Tabbed
        tabs={[
          { value: "overview", title: "Overview", content: () => <WorkloadDetails id={id} /> },
          { value: "health", title: "Health", content: () => <HealthPanel id={id} /> },
        ]}
      />
    </Page>
  );
}
