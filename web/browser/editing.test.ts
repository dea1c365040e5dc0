import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { accountWith, kubectl, withInput, withoutAccount } from "./kubectl";
import { type Served, serve } from "./serve";
import { signIn } from "./signIn";
import { Stage } from "./stage";

const stage = new Stage();

const routeTo = (subset: string) =>
  "{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: route-destination, namespace: smm-demo}, " +
  `spec: {hosts: [movies], http: [{route: [{destination: {host: movies, subset: ${subset}}}]}]}}`;

/** The demo's own routes of movies stand in the way of others for the same host: they are put back in the end. */
let own = "";
beforeAll(async () => {
  const { metadata, ...rest } = JSON.parse(
    await kubectl("get", "virtualservice", "movies", "-n", "smm-demo", "-o", "json"),
  );
  const { name, namespace, labels, annotations, ownerReferences } = metadata;
  own = JSON.stringify({ ...rest, metadata: { name, namespace, labels, annotations, ownerReferences } });
  await kubectl("delete", "virtualservice", "movies", "-n", "smm-demo");
});
afterAll(async () => {
  await kubectl("delete", "virtualservice", "route-destination", "-n", "smm-demo", "--ignore-not-found");
  await withInput(own, "apply", "-f", "-");
});

/** Waits until the graph shows that movies' traffic goes to one version only. */
async function goesTo(version: string) {
  await stage.page.goto("/topology?namespace=smm-demo");
  for (const one of ["v1", "v2", "v3"]) {
    const node = stage.page.getByRole("group", {
      name: new RegExp(`workload movies-${one} .*${one === version ? "(?<!silent)$" : "silent$"}`),
    });
    await node.waitFor({ timeout: 120_000 });
  }
}

test("a virtual service is created from a template, edited and deleted, and the traffic moves", async () => {
  await stage.show(
    "/resources/new?kind=virtualservice.networking.istio.io&template=route-destination&namespace=smm-demo",
  );
  await stage.written("route-destination");
  await stage.write(routeTo("v1"));
  await stage.page.getByRole("button", { name: "Validate" }).click();
  await stage.page.getByText("The API server would take it.").waitFor();
  await stage.page.getByRole("button", { name: "Create" }).click();
  await stage.settled("route-destination");
  const address = stage.page.url();
  await goesTo("v1");

  await stage.page.goto(address);
  await stage.written("VirtualService");
  await stage.write(routeTo("v2"));
  await stage.page.getByRole("button", { name: "Apply" }).click();
  await stage.page.getByText("VirtualService route-destination is saved.").waitFor();
  await goesTo("v2");

  await stage.page.goto(address);
  await stage.page.getByRole("button", { name: "Delete" }).click();
  await stage.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await stage.page.getByText("VirtualService route-destination is gone.").waitFor();
  await stage.settled("Istio resources");
}, 420_000);

test("the mutual-TLS policy of a port is set, and taken away", async () => {
  await stage.show("/services");
  await stage.page.getByRole("link", { name: "analytics", exact: true }).click();
  await stage.page.getByRole("tab", { name: "MTLS policies" }).click();
  const policy = stage.page.getByRole("combobox", { name: /Policy of port/ }).first();
  for (const [chosen, there] of [
    ["STRICT", true],
    ["DEFAULT", false],
  ] as const) {
    await policy.click();
    await stage.page.getByRole("option", { name: chosen }).click();
    await stage.page.getByRole("button", { name: "Apply changes" }).click();
    await stage.page.getByText("The policies of analytics are set.").last().waitFor();
    await expect
      .poll(() =>
        kubectl("get", "peerauthentication", "analytics", "-n", "smm-demo", "--ignore-not-found", "-o", "name"),
      )
      .toBe(there ? "peerauthentication.security.istio.io/analytics" : "");
  }
});

test("injection and outbound policy of a namespace are set from the namespace panel", async () => {
  await kubectl("create", "namespace", "browser-test");
  try {
    await stage.show("/mesh?namespace=browser-test");
    const plane = stage.page.getByRole("combobox", { name: "Control plane of browser-test" });
    const label = () => kubectl("get", "namespace", "browser-test", "-o", "jsonpath={.metadata.labels.istio\\.io/rev}");
    await plane.click();
    await stage.page.getByRole("option", { name: /istio-system/ }).click();
    await expect.poll(label).toMatch(/\.istio-system$/);
    const outbound = stage.page.getByRole("combobox", { name: "Outbound traffic of browser-test" });
    await outbound.click();
    await stage.page.getByRole("option", { name: "known hosts only" }).click();
    await expect
      .poll(() =>
        kubectl(
          "get",
          "sidecar",
          "default",
          "-n",
          "browser-test",
          "--ignore-not-found",
          "-o",
          "jsonpath={.spec.outboundTrafficPolicy.mode}",
        ),
      )
      .toBe("REGISTRY_ONLY");
    await plane.click();
    await stage.page.getByRole("option", { name: "none (off)" }).click();
    await expect.poll(label).toBe("");
  } finally {
    await kubectl("delete", "namespace", "browser-test", "--wait=false");
  }
});

test("a gateway is created from its template, edited and deleted", async () => {
  await stage.show("/gateways");
  await stage.page.getByRole("link", { name: "Create new" }).click();
  await stage.written("IstioMeshGateway");
  const gateway = (serviceType: string, plane: string) =>
    "{apiVersion: servicemesh.cisco.com/v1alpha1, kind: IstioMeshGateway, metadata: {name: browser-gw, namespace: smm-demo}, " +
    `spec: {type: ingress, service: {type: ${serviceType}, ports: [{name: http, port: 80, targetPort: 8080}]}, istioControlPlane: {name: ${plane}, namespace: istio-system}}}`;
  const plane = await kubectl(
    "get",
    "istiocontrolplanes",
    "-n",
    "istio-system",
    "-o",
    "jsonpath={.items[0].metadata.name}",
  );
  await stage.write(gateway("ClusterIP", plane));
  await stage.page.getByRole("button", { name: "Create" }).click();
  await stage.settled("browser-gw");
  await stage.page.getByRole("link", { name: "Edit or delete" }).click();
  await stage.written("IstioMeshGateway");
  await stage.write(gateway("LoadBalancer", plane));
  await stage.page.getByRole("button", { name: "Apply" }).click();
  await stage.page.getByText("IstioMeshGateway browser-gw is saved.").waitFor();
  await stage.page.getByRole("button", { name: "Delete" }).click();
  await stage.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await stage.page.getByText("IstioMeshGateway browser-gw is gone.").waitFor();
  expect(await kubectl("get", "istiomeshgateway", "-n", "smm-demo", "-o", "name")).not.toContain("browser-gw");
});

/** With the rights of Kubernetes' role "view" in one namespace. */
test("what one may not change is disabled with the reason, and refused", async () => {
  let server: Served | undefined;
  try {
    server = await serve(inject("kubeconfig"), ["--insecure-cookies"]);
    const token = await accountWith("view");
    await stage.show(`/services#token=${encodeURIComponent(await signIn(server.address, token))}`, {
      server: server.address,
    });
    await stage.page.getByRole("link", { name: "analytics", exact: true }).waitFor();
    await stage.page.getByRole("button", { name: "User menu" }).click();
    await stage.page.getByText("system:serviceaccount:smm-demo:browser-view").waitFor();
    await stage.page.keyboard.press("Escape");
    await stage.page.getByRole("link", { name: "analytics", exact: true }).click();
    await stage.page.getByRole("tab", { name: "MTLS policies" }).click();
    const apply = stage.page.getByRole("button", { name: "Apply changes" });
    await expect
      .poll(() => apply.getAttribute("title"), { timeout: 30_000 })
      .toMatch(/does not allow you to create peerauthentications/);
    await stage.page.goto("/resources/new?kind=virtualservice.networking.istio.io&template=retry");
    await stage.written("retries");
    await stage.write(routeTo("v1"));
    await stage.page.getByRole("button", { name: "Validate" }).click();
    await stage.page
      .getByRole("alert")
      .getByText(/cannot create resource "virtualservices"/)
      .first()
      .waitFor();
    await stage.written("route-destination");
  } finally {
    await withoutAccount("view");
    await server?.stop();
  }
}, 120_000);
