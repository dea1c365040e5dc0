import { expect, test } from "vitest";
import { parse } from "yaml";
import { templates, templatesOf, textFor } from "./templates";

test("every template is of the kind of its folder, has a title and a namespace", () => {
  expect(templates.length).toBeGreaterThan(30);
  for (const template of templates) {
    const object = parse(template.text);
    const group = object.apiVersion.split("/")[0];
    expect(`${object.kind.toLowerCase()}.${group}`, template.name).toBe(template.kind);
    expect(template.title, template.name).toMatch(/^[A-Z]/);
    expect(object.metadata.namespace, template.name).toBe("default");
  }
});

test("the documented templates of virtual services are there", () => {
  const names = templates.filter(({ kind }) => kind === "virtualservice.networking.istio.io").map(({ name }) => name);
  expect(names.sort()).toEqual([
    "cors-policy",
    "delegate",
    "delegate-route",
    "destination-route",
    "direct-response",
    "fault-abort",
    "fault-delay",
    "header-manipulation",
    "mirroring",
    "redirect",
    "request",
    "retry",
    "rewrite",
    "route-destination",
    "tcp-route",
    "tls-route",
  ]);
});

test("a kind without templates starts bare", () => {
  const kind = {
    key: "telemetry.telemetry.istio.io",
    kind: "Telemetry",
    group: "telemetry.istio.io",
    version: "v1",
    namespaced: true,
  };
  const [bare] = templatesOf(kind);
  expect(parse(bare?.text ?? "")).toMatchObject({ apiVersion: "telemetry.istio.io/v1", kind: "Telemetry" });
});

test("a template comes into the chosen namespace", () => {
  const [first] = templates;
  expect(first && parse(textFor(first, "shop")).metadata.namespace).toBe("shop");
});
