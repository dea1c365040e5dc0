import { Page } from "../../elements/Page";
import { useID } from "../../elements/useID";
import { parseID } from "../../view/id";
import { PodDetails } from "./PodDetails";

export function PodPage() {
  const id = useID();
  return (
    <Page title={parseID(id).name} kind="Pod">
      <PodDetails id={id} />
    </Page>
  );
}
