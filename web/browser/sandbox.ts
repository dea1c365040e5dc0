import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";

const run = promisify(execFile);
const smm = path.resolve(import.meta.dirname, "../../bin/smm");
const upLimit = 8 * 60_000;
const serveLimit = 60_000;

declare module "vitest" {
  export interface ProvidedContext {
    /** The dashboard of a sandbox with the mesh and the demo application. */
    dashboard: string;
    /** The kubeconfig of the sandbox's cluster. */
    kubeconfig: string;
  }
}

/** Starts a sandbox with the demo application and a server for it, and takes both down in the end. */
export default async function setup(project: TestProject) {
  const directory = await mkdtemp(path.join(tmpdir(), "smm-browser-"));
  const state = ["--state-dir", path.join(directory, "state")];
  let server: ChildProcess | undefined;
  const teardown = async () => {
    server?.kill("SIGTERM");
    await run(smm, ["sandbox", "down", ...state], { timeout: 120_000 });
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await run(smm, ["sandbox", "up", "--demo", ...state], { timeout: upLimit });
    const { stdout } = await run(smm, ["sandbox", "kubeconfig", ...state]);
    const kubeconfig = stdout.trim();
    const started = await serve(kubeconfig);
    server = started.server;
    project.provide("dashboard", started.address);
    project.provide("kubeconfig", kubeconfig);
  } catch (problem) {
    await teardown();
    throw problem;
  }
  return teardown;
}

/** Starts a server on a free port and waits until it says which. */
async function serve(kubeconfig: string): Promise<{ server: ChildProcess; address: string }> {
  const server = spawn(
    smm,
    ["server", "run", "--anonymous-auth", "--address", "127.0.0.1:0", "--kubeconfig", kubeconfig],
    {
      stdio: ["ignore", "inherit", "pipe"],
    },
  );
  const address = await new Promise<string>((resolve, reject) => {
    let said = "";
    const timer = setTimeout(() => reject(new Error(`the server did not start: ${said}`)), serveLimit);
    server.on("exit", (code) => reject(new Error(`the server ended with ${code}: ${said}`)));
    server.stderr?.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      const found = /"msg":"serving","address":"([^"]+)"/.exec(said);
      if (found) {
        clearTimeout(timer);
        resolve(`http://${found[1]}`);
      }
    });
  });
  return { server, address };
}
