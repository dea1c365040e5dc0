import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";

export const smm = process.env.SMM ?? path.resolve(import.meta.dirname, "../../bin/smm");

const limit = 60_000;

/** A server that runs. */
export interface Served {
  address: string;
  stop: () => Promise<void>;
}

/** Starts a server, on a free port unless one is given, and waits until it says where it is. */
export async function serve(kubeconfig: string, options: string[], port = 0): Promise<Served> {
  const server = spawn(
    smm,
    ["server", "run", "--address", `127.0.0.1:${port}`, "--kubeconfig", kubeconfig, ...options],
    { stdio: ["ignore", "inherit", "pipe"] },
  );
  const ended = once(server, "exit");
  const address = await new Promise<string>((resolve, reject) => {
    let said = "";
    const timer = setTimeout(() => reject(new Error(`the server did not start: ${said}`)), limit);
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
  return {
    address,
    stop: async () => {
      server.kill("SIGTERM");
      await ended;
    },
  };
}
