import { mkdir } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { schemes } from "./chromium";
import { kubectl } from "./kubectl";
import { Stage } from "./stage";

const stage = new Stage();
const menu = ["Overview", "Topology", "Mesh", "Workloads", "Services", "Gateways", "Istio resources"];
const pictures = path.resolve(import.meta.dirname, "../../docs/screenshots");

/** Keeps a picture of the page for the documentation, when the run is for that. */
async function picture(name: string) {
  if (process.env.SCREENSHOTS) {
    await mkdir(pictures, { recursive: true });
    await stage.page.mouse.move(0, 0);
    await stage.page.screenshot({ path: path.join(pictures, `${name}.png`), animations: "disabled" });
  }
}

test.each(schemes)(
  "every menu entry opens, without barriers, in %s",
  async (scheme) => {
    await stage.show("/overview", { scheme });
    for (const entry of menu) {
      await stage.page.getByRole("link", { name: entry, exact: true }).first().click();
      await stage.settled(entry);
      if (entry === "Topology") {
        await stage.page.locator(".react-flow__node").first().waitFor();
        await stage.page
          .getByText(/grpc .*\/s/)
          .first()
          .waitFor();
      }
      expect(await stage.barriers(), entry).toEqual([]);
      await picture(`${entry.toLowerCase().replace(" ", "-")}-${scheme}`);
    }
  },
  240_000,
);

test.each(schemes)(
  "the pages of single objects open, without barriers, in %s",
  async (scheme) => {
    const cluster = await clusterName();
    const pod = await kubectl(
      "get",
      "pods",
      "-n",
      "smm-demo",
      "-l",
      "app=catalog",
      "-o",
      "jsonpath={.items[0].metadata.name}",
    );
    const node = await kubectl("get", "nodes", "-o", "jsonpath={.items[0].metadata.name}");
    const plane = await kubectl(
      "get",
      "istiocontrolplanes",
      "-n",
      "istio-system",
      "-o",
      "jsonpath={.items[0].metadata.name}",
    );
    const pages: Record<string, { address: string; ready: string | RegExp }> = {
      service: { address: `/services/service:${cluster}:smm-demo:catalog`, ready: "Requests per second" },
      "mutual-tls": { address: `/services/service:${cluster}:smm-demo:catalog?tab=mtls`, ready: "Mutual-TLS policies" },
      workload: { address: `/workloads/deployment.apps:${cluster}:smm-demo:catalog-v1`, ready: "Requests per second" },
      health: {
        address: `/workloads/deployment.apps:${cluster}:smm-demo:catalog-v1?tab=health`,
        ready: "The last day",
      },
      pod: { address: `/pods/pod:${cluster}:smm-demo:${pod}`, ready: "Memory usage" },
      node: { address: `/nodes/node:${cluster}::${node}`, ready: "Conditions" },
      "control-plane": {
        address: `/mesh/istiocontrolplane.servicemesh.cisco.com:${cluster}:istio-system:${plane}`,
        ready: "Trust bundles",
      },
      "create-mesh": { address: "/mesh/new", ready: "Total resources" },
      "new-resource": { address: "/resources/new?namespace=smm-demo", ready: "Template" },
      timeline: { address: `/topology?at=${new Date(Date.now() - 60_000).toISOString()}`, ready: /As it was at/ },
      nowhere: { address: "/nowhere", ready: "There is nothing at this address" },
    };
    for (const [name, { address, ready }] of Object.entries(pages)) {
      await stage.show(address, { scheme });
      await stage.page.getByText(ready).first().waitFor();
      await stage.settled();
      expect(await stage.barriers(), name).toEqual([]);
      await picture(`${name}-${scheme}`);
    }
  },
  300_000,
);

async function clusterName(): Promise<string> {
  await stage.show("/mesh");
  return (await stage.page.getByRole("region", { name: "Clusters" }).getByRole("cell").first().textContent()) ?? "";
}

test("the keyboard alone finds an object", async () => {
  await stage.show("/overview");
  await stage.settled("Overview");
  await stage.page.keyboard.press("Control+k");
  const field = stage.page.getByRole("combobox", { name: "Name of an object" });
  await field.fill("catalog-v1");
  await stage.page.getByRole("option").first().waitFor();
  expect(await stage.barriers()).toEqual([]);
  await stage.page.keyboard.press("Enter");
  await stage.settled("catalog-v1");
});

test("the keyboard alone walks the menu and opens a node of the graph", async () => {
  await stage.show("/topology?namespace=smm-demo");
  await stage.page.locator(".react-flow__node-item").first().waitFor();
  await stage.page.keyboard.press("Tab");
  await expect.poll(() => focused()).toBe("Skip to the content");
  const node = stage.page.locator(".react-flow__node-item").filter({ hasText: "catalog-v1" });
  await node.focus();
  await stage.page.keyboard.press("Enter");
  await stage.page.getByRole("complementary", { name: "catalog-v1" }).waitFor();
  await stage.page.getByRole("button", { name: "Close the panel" }).press("Enter");
  await stage.page.getByRole("complementary", { name: "catalog-v1" }).waitFor({ state: "detached" });
  const link = stage.page.getByRole("link", { name: "Workloads", exact: true });
  await link.focus();
  await stage.page.keyboard.press("Enter");
  await stage.settled("Workloads");
});

const focused = () => stage.page.evaluate(() => document.activeElement?.textContent ?? "");
