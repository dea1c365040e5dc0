import { expect, test } from "vitest";
import { parse } from "yaml";
import { findPolicy, policyPort, readPolicies, writePolicies } from "./mutualTLS";

const service = { name: "catalog", namespace: "smm-demo", selector: [{ key: "app", value: "catalog" }] };

test("policies are written, read, changed and taken away again", () => {
  const first =
    writePolicies(
      undefined,
      service,
      new Map([
        [8083, "STRICT" as const],
        [8080, "DEFAULT" as const],
      ]),
    ) ?? "";
  expect(parse(first)).toEqual({
    apiVersion: "security.istio.io/v1",
    kind: "PeerAuthentication",
    metadata: { name: "catalog", namespace: "smm-demo" },
    spec: { selector: { matchLabels: { app: "catalog" } }, portLevelMtls: { 8083: { mode: "STRICT" } } },
  });
  expect(readPolicies(first)).toEqual(new Map([[8083, "STRICT"]]));
  expect(findPolicy([{ namespace: "smm-demo", yaml: first }], service)?.yaml).toBe(first);
  expect(findPolicy([{ namespace: "other", yaml: first }], service)).toBeUndefined();
  expect(writePolicies(first, service, new Map([[8083, "DEFAULT" as const]]))).toBeUndefined();
});

test("what else a policy says stays", () => {
  const yaml = "metadata: {name: x}\nspec: {selector: {matchLabels: {app: catalog}}, mtls: {mode: STRICT}}";
  const changed = writePolicies(yaml, service, new Map([[80, "DEFAULT" as const]])) ?? "";
  expect(parse(changed).spec).toEqual({ selector: { matchLabels: { app: "catalog" } }, mtls: { mode: "STRICT" } });
});

test("a policy is about the pods' port", () => {
  expect(policyPort({ number: 80, targetPort: "8080" })).toBe(8080);
  expect(policyPort({ number: 80, targetPort: "0" })).toBe(80);
  expect(policyPort({ number: 80, targetPort: "http" })).toBeUndefined();
});
