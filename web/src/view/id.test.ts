import { expect, test } from "vitest";
import { addressOf, formatID, parseID } from "./id";

test("an ID is read and written", () => {
  const id = "virtualservice.networking.istio.io:c1:shop:cart";
  expect(parseID(id)).toEqual({
    kind: "virtualservice",
    group: "networking.istio.io",
    cluster: "c1",
    namespace: "shop",
    name: "cart",
  });
  expect(formatID(parseID(id))).toBe(id);
  expect(formatID(parseID("node:c1::n1"))).toBe("node:c1::n1");
});

test.each([
  ["service:c1:shop:cart", "/services/service%3Ac1%3Ashop%3Acart"],
  ["deployment.apps:c1:shop:cart", "/workloads/deployment.apps%3Ac1%3Ashop%3Acart"],
  ["pod:c1:shop:cart", "/pods/pod%3Ac1%3Ashop%3Acart"],
  ["istiomeshgateway.servicemesh.cisco.com:c1:a:b", "/gateways/istiomeshgateway.servicemesh.cisco.com%3Ac1%3Aa%3Ab"],
  ["workloadgroup.networking.istio.io:c1:a:b", "/workloads/workloadgroup.networking.istio.io%3Ac1%3Aa%3Ab"],
  ["namespace:c1::shop", "/mesh?namespace=shop"],
  ["sidecar.networking.istio.io:c1:a:b", "/resources/sidecar.networking.istio.io%3Ac1%3Aa%3Ab"],
])("%s has the page %s", (id, address) => {
  expect(addressOf(id)).toBe(address);
});
