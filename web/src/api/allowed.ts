import { graphql } from "./generated";
import type { ActionInput } from "./generated/graphql";
import { useAsk } from "./queries";

const allowed = graphql(`
  query Allowed($actions: [ActionInput!]!) {
    allowed(actions: $actions)
  }
`);

/** Whether the user may do things, and why not when they may not. */
export function useAllowed(actions: ActionInput[]): { allowed: boolean; reason?: string }[] {
  const { data } = useAsk(allowed, { actions }, { freshness: "fixed", enabled: actions.length > 0 });
  return actions.map((action, index) => {
    if (!data) {
      return { allowed: false, reason: "Your rights are being looked up" };
    }
    if (data.allowed[index]) {
      return { allowed: true };
    }
    const place = action.namespace ? `in namespace ${action.namespace}` : "in all namespaces";
    const resource = action.subresource ? `${action.resource}/${action.subresource}` : action.resource;
    const what = action.group ? `${resource}.${action.group}` : resource;
    return {
      allowed: false,
      reason: `Kubernetes does not allow you to ${action.verb} ${what} ${place} of ${action.cluster}`,
    };
  });
}
