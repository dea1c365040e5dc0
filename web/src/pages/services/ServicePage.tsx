import { Page } from "../../elements/Page";
import { useID } from "../../elements/useID";
import { parseID } from "../../view/id";
import { ServiceDetails } from "./ServiceDetails";

export function ServicePage() {
  const id = useID();
  return (
    <Page title={parseID(id).name} kind="Service">
      <ServiceDetails id={id} />
    </Page>
  );
}
