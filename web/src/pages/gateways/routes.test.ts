import { expect, test } from "vitest";
import { entriesOf, readGateways, readRoutes, routesOf } from "./routes";

const gateway = {
  id: "gateway.networking.istio.io:c1:shop:front",
  cluster: "c1",
  namespace: "shop",
  name: "front",
  kind: "Gateway",
  yaml: `
spec:
  selector: {gateway-name: demo-gw}
  servers:
  - port: {number: 443, protocol: HTTPS}
    hosts: [shop.example.com]
    tls: {mode: SIMPLE, credentialName: cert}
`,
};
const service = {
  id: "virtualservice.networking.istio.io:c1:shop:cart",
  cluster: "c1",
  namespace: "shop",
  name: "cart",
  kind: "VirtualService",
  yaml: `
spec:
  gateways: [front, mesh]
  hosts: [shop.example.com]
  http:
  - match: [{uri: {prefix: /cart}}]
    timeout: 3s
    route:
    - {destination: {host: cart, subset: v1}, weight: 90}
    - {destination: {host: cart, subset: v2}, weight: 10}
  - directResponse: {status: 404}
`,
};

test("the rules of a gateway are those of its servers", () => {
  const entries = readGateways([gateway, service]);
  expect(entries).toMatchObject([{ port: 443, protocol: "HTTPS", hosts: ["shop.example.com"], tls: "SIMPLE, cert" }]);
  const labels = [
    { key: "gateway-name", value: "demo-gw" },
    { key: "x", value: "y" },
  ];
  const routes = readRoutes([gateway, service]);
  expect(routesOf(entriesOf({ cluster: "c1", labels }, entries), routes)).toMatchObject([
    { match: "uri prefix /cart", destination: "cart (v1) 90%, cart (v2) 10%", actions: "timeout" },
    { match: "any request", destination: "status 404", actions: "directResponse" },
  ]);
  expect(entriesOf({ cluster: "c2", labels }, entries)).toEqual([]);
  expect(entriesOf({ cluster: "c1", labels: [] }, entries)).toEqual([]);
});
