import { ask } from "../../api/client";
import { graphql } from "../../api/generated";

const restartWorkloads = graphql(`
  mutation RestartWorkloads($cluster: String!, $namespace: String!) {
    restartWorkloads(cluster: $cluster, namespace: $namespace)
  }
`);

/** Makes the pods of a namespace's workloads anew and names these. */
export async function restart(cluster: string, namespace: string): Promise<string[]> {
  return (await ask(restartWorkloads, { cluster, namespace })).restartWorkloads;
}
