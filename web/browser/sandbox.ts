import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";
import { type Served, serve, smm } from "./serve";

const run = promisify(execFile);
const upLimit = 8 * 60_000;

declare module "vitest" {
  export interface ProvidedContext {
    /** The dashboard of a sandbox with the mesh and the demo application, where nobody signs in. */
    dashboard: string;
    /** The kubeconfig of the sandbox's cluster. */
    kubeconfig: string;
    /** The options with which `smm sandbox` finds it. */
    state: string[];
  }
}

/**
 * Starts a sandbox with the demo application and a server for it, and takes both down in the end. SANDBOX names the state
 * directory of one that runs already, which is left as it is; DASHBOARD the address of a server for it, such as `npm run dev`.
 */
export default async function setup(project: TestProject) {
  const given = process.env.SANDBOX;
  const directory = await mkdtemp(path.join(tmpdir(), "smm-browser-"));
  const state = ["--state-dir", given ?? path.join(directory, "state")];
  let served: Served | undefined;
  const teardown = async () => {
    await served?.stop();
    if (!given) {
      await run(smm, ["sandbox", "down", ...state], { timeout: 120_000 });
    }
    await rm(directory, { recursive: true, force: true });
  };
  try {
    if (!given) {
      await run(smm, ["sandbox", "up", "--demo", ...state], { timeout: upLimit });
    }
    const { stdout } = await run(smm, ["sandbox", "kubeconfig", ...state]);
    const kubeconfig = stdout.trim();
    const address = process.env.DASHBOARD;
    served = address ? undefined : await serve(kubeconfig, ["--anonymous-auth"]);
    project.provide("dashboard", address ?? served?.address ?? "");
    project.provide("kubeconfig", kubeconfig);
    project.provide("state", state);
  } catch (problem) {
    await teardown();
    throw problem;
  }
  return teardown;
}
