import { expect, test } from "vitest";
import { parse } from "yaml";
import { nameProblem, problemsOf, resourceOf, totalOf, usual } from "./plan";

test.each([
  ["mesh", undefined],
  ["my-mesh-2", undefined],
  ["abc", "A name has 4 to 35 characters"],
  ["m".repeat(36), "A name has 4 to 35 characters"],
  ["2mesh", "A name starts with a lowercase letter"],
  ["Mesh", "A name starts with a lowercase letter"],
  ["my_mesh", "A name has lowercase letters, digits and hyphens only"],
  ["mesh-", "A name does not end with a hyphen"],
  ["taken", "The cluster has a control plane of this name already"],
])("the name %s: %s", (name, problem) => {
  expect(nameProblem(name, ["taken"])).toBe(problem);
});

test("the total counts as many instances as there may be", () => {
  expect(totalOf({ ...usual, least: 1, most: 3, cpu: 0.5, memory: 512 })).toEqual({ cpu: 1.5, memory: 1536 });
});

test("what cannot be scheduled is told", () => {
  expect(problemsOf({ ...usual, antiAffinity: "mandatory", nodes: ["a"], least: 2, most: 2 })).toHaveLength(1);
  expect(problemsOf({ ...usual, least: 3, most: 2 })).toHaveLength(1);
  expect(problemsOf(usual)).toEqual([]);
});

test("the resource says what was asked for", () => {
  const resource = parse(
    resourceOf({
      ...usual,
      name: "mesh",
      version: "1.31.1",
      least: 2,
      most: 2,
      nodes: ["n1"],
      antiAffinity: "mandatory",
    }),
  );
  expect(resource.metadata).toEqual({ name: "mesh", namespace: "istio-system" });
  expect(resource.spec.istiod.deployment.replicas).toEqual({ count: 2 });
  expect(resource.spec.istiod.deployment.resources.limits).toEqual({ cpu: "500m", memory: "1024Mi" });
  const { podAntiAffinity, nodeAffinity } = resource.spec.istiod.deployment.affinity;
  expect(podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution).toEqual([
    {
      topologyKey: "kubernetes.io/hostname",
      labelSelector: { matchLabels: { app: "istiod", "istio.io/rev": "mesh" } },
    },
  ]);
  expect(
    nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].values,
  ).toEqual(["n1"]);
  expect(resource.spec.meshConfig.defaultHttpRetryPolicy.attempts).toBe(2);
});
