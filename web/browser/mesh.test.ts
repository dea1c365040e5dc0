import { readFile } from "node:fs/promises";
import { expect, inject, test } from "vitest";
import { Stage } from "./stage";

const stage = new Stage();

test("a cluster that cannot be attached is refused with the reason, and the kubeconfig stays", async () => {
  await stage.show("/mesh");
  await stage.page.getByRole("button", { name: "Attach a cluster" }).click();
  const dialog = stage.page.getByRole("dialog", { name: "Attach a cluster" });
  const kubeconfig = dialog.getByRole("textbox", { name: "Kubeconfig of the cluster" });
  const attach = dialog.getByRole("button", { name: "Attach", exact: true });
  await kubeconfig.fill("no kubeconfig");
  await attach.click();
  await dialog.getByRole("alert").getByText("Stopped").waitFor();
  expect(await kubeconfig.inputValue()).toBe("no kubeconfig");

  await kubeconfig.fill(await readFile(inject("kubeconfig"), "utf8"));
  await dialog.getByRole("textbox", { name: "Name", exact: true }).fill("again");
  await attach.click();
  await dialog
    .getByRole("alert")
    .getByText(/both kubeconfigs are for the same cluster/)
    .waitFor();
  expect(await stage.barriers()).toEqual([]);
});
