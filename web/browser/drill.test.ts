import { expect, test } from "vitest";
import { kubectl } from "./kubectl";
import { Stage } from "./stage";

const stage = new Stage();

test("one gets from a service down to the node, and sees the pod's log as it is written", async () => {
  await stage.show("/services?namespace=smm-demo");
  await stage.page.getByRole("link", { name: "catalog", exact: true }).click();
  await stage.page.getByRole("link", { name: "catalog-v1", exact: true }).click();
  await stage.page.getByRole("link", { name: /^catalog-v1-/ }).click();
  await stage.page.getByRole("button", { name: "Show pod logs" }).click();
  const log = stage.page.getByRole("log");
  await log.filter({ hasText: /\d\d:\d\d:\d\d/ }).waitFor();
  expect(await stage.barriers()).toEqual([]);
  const node = await kubectl("get", "nodes", "-o", "jsonpath={.items[0].metadata.name}");
  await stage.page.getByRole("link", { name: node }).click();
  await stage.page.getByText("Conditions").first().waitFor();
  expect(new URL(stage.page.url()).searchParams.get("namespace")).toBe("smm-demo");
});

test("the graph of the demo application is there without a click, and leads down to a pod", async () => {
  await stage.show("/");
  const node = stage.page.locator(".react-flow__node-item").filter({ hasText: "movies-v1" });
  await node.click();
  const panel = stage.page.getByRole("complementary", { name: "movies-v1" });
  await panel.getByRole("tab", { name: "Health" }).click();
  await panel.getByText("The last day").waitFor();
  await panel.getByRole("tab", { name: "Overview" }).click();
  await panel.getByRole("link", { name: /^movies-v1-/ }).click();
  await stage.page.getByRole("button", { name: "Show pod logs" }).waitFor();
  expect(await stage.barriers()).toEqual([]);
});

test("the timeline leads back, and the address with it", async () => {
  await stage.show("/topology");
  await stage.page.locator(".react-flow__node").first().waitFor();
  await stage.page.getByText("TIMELINE").click();
  await stage.page.getByText(/As it was at/).waitFor();
  const at = () => Date.parse(new URL(stage.page.url()).searchParams.get("at") ?? "");
  const before = at();
  await stage.page.getByRole("button", { name: "One minute back" }).click();
  await expect.poll(at).toBe(before - 60_000);
  await stage.page.getByText("Looking back").waitFor();
  await stage.page.reload();
  await stage.page.getByText(/As it was at/).waitFor();
  await stage.page.getByText("LIVE", { exact: true }).click();
  await stage.page.getByText(/^As of/).waitFor();
});

test("requests are sent to a service from the form", async () => {
  await stage.show("/topology");
  await stage.page.getByRole("button", { name: "Generate load" }).click();
  const form = stage.page.getByRole("dialog", { name: "Generate test load" });
  await form.getByRole("combobox", { name: "Service" }).fill("frontpage (smm-demo");
  await stage.page.getByRole("option", { name: /^frontpage \(smm-demo/ }).click();
  await form.getByRole("textbox", { name: "Requests", exact: true }).fill("20");
  await form.getByRole("button", { name: "Send" }).click();
  await form.getByText(/Done: 20 of 20 sent; answers: 20 with 200/).waitFor();
  expect(await stage.barriers()).toEqual([]);
});
