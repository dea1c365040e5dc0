import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ask } from "../../../api/client";
import { apply } from "../../resources/apply";
import { setInjection } from "../Injection";
import { namespace, type Plan, resourceOf } from "./plan";

export interface Creation {
  state: "none" | "working" | "done";
  /** What was done. */
  steps: string[];
  problem?: string;
  /** The ID of the control plane once it is written. */
  made?: string;
  create: (plan: Plan) => Promise<void>;
}

/** Creates what a plan says, step by step; a step that fails ends it and can be tried again. */
export function useCreation(): Creation {
  const client = useQueryClient();
  const [state, setState] = useState<Omit<Creation, "create">>({ state: "none", steps: [] });

  async function create(plan: Plan) {
    setState((known) => ({ ...known, state: "working", problem: undefined }));
    const done = (step: string, made?: string) =>
      setState((known) => ({ ...known, steps: [...known.steps, step], made: made ?? known.made }));
    try {
      if (!state.made) {
        const applied = await apply({ cluster: plan.cluster, yaml: resourceOf(plan), dryRun: false });
        if (!applied.resource) {
          throw new Error(
            applied.problems.map(({ message, path }) => (path ? `${path}: ${message}` : message)).join("; "),
          );
        }
        done(`IstioControlPlane ${plan.name} is written`, applied.resource.id);
      }
      for (const name of plan.namespaces) {
        await ask(setInjection, { cluster: plan.cluster, namespace: name, revision: `${plan.name}.${namespace}` });
        done(`Injection is on in ${name}`);
      }
      setState((known) => ({ ...known, state: "done" }));
    } catch (failure) {
      const problem = failure instanceof Error ? failure.message : String(failure);
      setState((known) => ({ ...known, state: "none", problem }));
    } finally {
      await client.invalidateQueries({ queryKey: ["inventory"] });
    }
  }
  return { ...state, create };
}
