import { expect, test } from "vitest";
import { lineOf, locate, readPath, syntaxOf } from "./problems";

const text = `kind: VirtualService
metadata:
  name: cart
spec:
  http:
  - route:
    - destination:
        host: cart
      weight: 101
`;

test("a path has names and indexes", () => {
  expect(readPath("spec.http[0].route[10].weight")).toEqual(["spec", "http", 0, "route", 10, "weight"]);
});

test.each([
  ["spec.http[0].route[0].weight", 9],
  ["spec.http[0].route[0].destination.port", 8],
  ["metadata.name", 3],
  ["status", 1],
])("%s is on line %i", (path, line) => {
  expect(lineOf(text, path)).toBe(line);
});

test("what is no YAML is found with its line", () => {
  const [first] = syntaxOf("a: 1\nb: [\n");
  expect(first?.line).toBeGreaterThanOrEqual(2);
  expect(syntaxOf(text)).toEqual([]);
});

test("the server's problems come to their lines", () => {
  expect(locate(text, [{ message: "too big", path: "spec.http[0].route[0].weight" }, { message: "no" }])).toEqual([
    { message: "spec.http[0].route[0].weight: too big", line: 9 },
    { message: "no", line: 1 },
  ]);
});
