import { ask } from "../../api/client";
import { graphql } from "../../api/generated";
import type { ApplyMutation } from "../../api/generated/graphql";

const applyResource = graphql(`
  mutation Apply($cluster: String!, $yaml: String!, $resourceVersion: String, $dryRun: Boolean!) {
    applyResource(cluster: $cluster, yaml: $yaml, resourceVersion: $resourceVersion, dryRun: $dryRun) {
      resource {
        id
        resourceVersion
        yaml
      }
      problems {
        message
        path
      }
      conflict {
        id
        resourceVersion
        yaml
      }
    }
  }
`);

export type Applied = ApplyMutation["applyResource"];

export interface Change {
  cluster: string;
  yaml: string;
  /** The version that was edited; undefined for a new resource. */
  resourceVersion?: string;
  dryRun: boolean;
}

/** Has a resource written, or only checked. */
export async function apply(change: Change): Promise<Applied> {
  return (await ask(applyResource, change)).applyResource;
}

const deleteResource = graphql(`
  mutation DeleteResource($id: ID!) {
    deleteResource(id: $id)
  }
`);

/** Deletes a resource; false when it was gone already. */
export async function remove(id: string): Promise<boolean> {
  return (await ask(deleteResource, { id })).deleteResource;
}
