import { Page } from "../../elements/Page";
import { useID } from "../../elements/useID";
import { parseID } from "../../view/id";
import { WorkloadDetails } from "./WorkloadDetails";

export function WorkloadPage() {
  const id = useID();
  return (
    <Page title={parseID(id).name} kind="Workload">
      <WorkloadDetails id={id} />
    </Page>
  );
}
