import { Page } from "../../elements/Page";
import { useID } from "../../elements/useID";
import { parseID } from "../../view/id";
import { NodeDetails } from "./NodeDetails";

export function NodePage() {
  const id = useID();
  return (
    <Page title={parseID(id).name} kind="Node">
      <NodeDetails id={id} />
    </Page>
  );
}
