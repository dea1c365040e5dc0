import { graphql } from "../../../api/generated";
import { useAsk } from "../../../api/queries";
import { Answer } from "../../../elements/Answer";
import { Page } from "../../../elements/Page";
import { MeshForm } from "./MeshForm";

const meshChoices = graphql(`
  query MeshChoices {
    clusters {
      name
      version
    }
    istioVersions {
      version
      kubernetes
    }
    namespaces {
      cluster
      name
      revision
    }
    controlPlanes {
      cluster
      name
      namespace
    }
  }
`);

/** Creates a mesh on one cluster: a control plane, and the namespaces that it injects. */
export function CreateMeshPage() {
  const answer = useAsk(meshChoices, {});
  return (
    <Page title="Create mesh">
      <Answer of={answer} what="what can be chosen">
        {(data) => <MeshForm choices={data} />}
      </Answer>
    </Page>
  );
}
