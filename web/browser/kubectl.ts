import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { inject } from "vitest";
import { smm } from "./serve";

/** Runs kubectl against the sandbox's cluster and returns what it prints. */
export function kubectl(...args: string[]): Promise<string> {
  return withInput("", ...args);
}

/** The same with something to read. */
export async function withInput(input: string, ...args: string[]): Promise<string> {
  const running = promisify(execFile)(smm, ["sandbox", "kubectl", ...inject("state"), ...args], { timeout: 60_000 });
  running.child.stdin?.end(input);
  return (await running).stdout.trim();
}

/** Gives a service account of the demo's namespace a right there, and returns a token of it. */
export async function accountWith(role: string): Promise<string> {
  const name = `browser-${role}`;
  await kubectl("create", "serviceaccount", name, "-n", "smm-demo");
  await kubectl(
    "create",
    "rolebinding",
    name,
    "-n",
    "smm-demo",
    `--clusterrole=${role}`,
    `--serviceaccount=smm-demo:${name}`,
  );
  return kubectl("create", "token", name, "-n", "smm-demo");
}

export async function withoutAccount(role: string) {
  await kubectl("delete", "serviceaccount,rolebinding", `browser-${role}`, "-n", "smm-demo", "--ignore-not-found");
}
