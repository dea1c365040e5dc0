import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, inject, test } from "vitest";
import { accountWith, kubectl, withoutAccount } from "./kubectl";
import { serve } from "./serve";
import { signIn } from "./signIn";
import { Stage } from "./stage";

const stage = new Stage();
const retry = "/resources/new?kind=virtualservice.networking.istio.io&template=retry&namespace=smm-demo";
/** What the browser complains about while there is no server; "Event" is a worker that cannot be fetched. */
const lost =
  /^Event$|ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_EMPTY_RESPONSE|ERR_INTERNET_DISCONNECTED|status of 401/;

test("invalid YAML is told with its line, and the text stays", async () => {
  await stage.show(retry);
  await stage.written("retries");
  await stage.write("apiVersion: networking.istio.io/v1\nkind: [");
  await stage.page.getByRole("button", { name: "Validate" }).click();
  await stage.page
    .getByRole("alert")
    .getByText(/Line \d+:/)
    .first()
    .waitFor();
  await stage.write(
    "{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: bad, namespace: smm-demo}, spec: {hosts: 7}}",
  );
  await stage.page.getByRole("button", { name: "Create" }).click();
  const question = stage.page.getByRole("dialog", { name: "Validation failed" });
  await question
    .getByText(/spec\.hosts/)
    .first()
    .waitFor();
  expect(await stage.barriers()).toEqual([]);
  await question.getByRole("button", { name: "Cancel" }).click();
  await stage.written("VirtualService");
});

test("an object that somebody else changed meanwhile is not overwritten unasked", async () => {
  const object = {
    kind: "ServiceEntry",
    apiVersion: "networking.istio.io/v1",
    metadata: { name: "browser", namespace: "smm-demo" },
  };
  const text = (host: string) =>
    JSON.stringify({
      ...object,
      spec: { hosts: [host], ports: [{ number: 443, name: "tls", protocol: "TLS" }], resolution: "DNS" },
    });
  await stage.show("/resources/new?kind=serviceentry.networking.istio.io&namespace=smm-demo");
  await stage.written("ServiceEntry");
  try {
    await stage.write(text("a.example.org"));
    await stage.page.getByRole("button", { name: "Create" }).click();
    await stage.settled("browser");
    await stage.written("a.example.org");
    await stage.write(text("mine.example.org"));
    await kubectl(
      "patch",
      "serviceentry",
      "browser",
      "-n",
      "smm-demo",
      "--type=merge",
      "-p",
      '{"spec":{"hosts":["theirs.example.org"]}}',
    );
    await stage.page.getByRole("button", { name: "Apply" }).click();
    await stage.page.getByText("Somebody else changed it meanwhile").waitFor();
    await stage.written("mine.example.org");
    await stage.page.getByRole("button", { name: "Keep yours and go on" }).click();
    await stage.page.getByRole("button", { name: "Apply" }).click();
    await stage.page.getByText("ServiceEntry browser is saved.").waitFor();
    expect(await kubectl("get", "serviceentry", "browser", "-n", "smm-demo", "-o", "jsonpath={.spec.hosts[0]}")).toBe(
      "mine.example.org",
    );
  } finally {
    await kubectl("delete", "serviceentry", "browser", "-n", "smm-demo", "--ignore-not-found");
  }
});

test("a server that restarts is told, nothing typed is lost, and the page goes on", async () => {
  let server = await serve(inject("kubeconfig"), ["--anonymous-auth"]);
  try {
    await stage.show(retry, { server: server.address });
    await stage.written("retries");
    await stage.page.getByText("Live", { exact: true }).waitFor();
    await server.stop();
    await stage.page.getByText(/^Stale since/).waitFor();
    await stage.page.getByRole("button", { name: "Validate" }).click();
    await stage.page.getByText("What you typed is still here.").waitFor();
    await stage.written("retries");
    server = await serve(inject("kubeconfig"), ["--anonymous-auth"], Number(new URL(server.address).port));
    await stage.page.getByText("Live", { exact: true }).waitFor();
    await stage.page.getByRole("button", { name: "Validate" }).click();
    await stage.page.getByText("The API server would take it.").waitFor();
  } finally {
    await server.stop();
  }
  stage.forgive(lost);
}, 120_000);

test("an expired token asks to sign in over the page, where everything typed stays", async () => {
  const server = await serve(inject("kubeconfig"), ["--insecure-cookies"]);
  try {
    const token = await accountWith("edit");
    const given = await signIn(server.address, token);
    await stage.show(`${retry}#token=${encodeURIComponent(given)}`, { server: server.address });
    await stage.written("retries");
    // The documented way to end all sign-ins: no token is valid any more.
    await kubectl("delete", "secret", "smm-authentication", "-n", "smm-system");
    await expect.poll(() => fetch(`${server.address}/api/auth/me`).then(({ status }) => status)).toBe(401);
    await expect
      .poll(
        async () => {
          await stage.page
            .getByRole("button", { name: "Validate" })
            .click({ timeout: 2_000 })
            .catch(() => undefined);
          return stage.page.getByRole("dialog", { name: "Sign in" }).isVisible();
        },
        { timeout: 30_000 },
      )
      .toBe(true);
    expect(await stage.barriers()).toEqual([]);
    await stage.page
      .getByLabel("Login token")
      .first()
      .fill(await signIn(server.address, token));
    await stage.page.getByRole("button", { name: "Sign in" }).click();
    await stage.page.getByRole("dialog", { name: "Sign in" }).waitFor({ state: "detached" });
    await stage.written("retries");
    await stage.page.getByText("Live", { exact: true }).waitFor();
  } finally {
    await withoutAccount("edit");
    await server.stop();
  }
  stage.forgive(lost);
}, 120_000);

test("a cluster that does not answer is named, and nothing typed is lost", async () => {
  const wire = await cuttableWire(inject("kubeconfig"));
  const server = await serve(wire.kubeconfig, ["--anonymous-auth"]);
  try {
    await stage.show(retry, { server: server.address });
    await stage.written("retries");
    await stage.page.getByText("Live", { exact: true }).waitFor();
    wire.cut();
    await stage.page.getByRole("button", { name: "Validate" }).click();
    await stage.page.getByText("What you typed is still here.").waitFor({ timeout: 45_000 });
    await stage.written("retries");
    await stage.page.goto("/mesh");
    await stage.page
      .getByTestId("connection-state")
      .getByText(/unreachable/)
      .waitFor({ timeout: 45_000 });
    const reachable = stage.page.getByRole("region", { name: "Clusters" }).getByText("Reachable", { exact: true });
    await reachable.waitFor({ state: "detached" });
    await wire.mend();
    await reachable.waitFor({ timeout: 90_000 });
    await stage.page.getByText("Live", { exact: true }).waitFor({ timeout: 90_000 });
  } finally {
    await server.stop();
    await wire.end();
  }
  stage.forgive(lost);
}, 240_000);

/** A connection to a cluster's API server that can be cut. */
async function cuttableWire(kubeconfig: string) {
  const text = await readFile(kubeconfig, "utf8");
  const target = new URL(/server: (\S+)/.exec(text)?.[1] ?? "");
  const open = new Set<Socket>();
  let cut = false;
  const proxy = createServer((near) => {
    if (cut) {
      near.destroy();
      return;
    }
    const far = connect(Number(target.port), target.hostname);
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => open.delete(socket));
    }
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const directory = await mkdtemp(path.join(tmpdir(), "smm-wire-"));
  const file = path.join(directory, "kubeconfig");
  const { port } = proxy.address() as { port: number };
  await writeFile(file, text.replace(target.host, `127.0.0.1:${port}`), { mode: 0o600 });
  const drop = () => {
    for (const socket of open) {
      socket.destroy();
    }
  };
  return {
    kubeconfig: file,
    cut() {
      cut = true;
      drop();
    },
    async mend() {
      cut = false;
    },
    async end() {
      drop();
      proxy.close();
      await rm(directory, { recursive: true });
    },
  };
}
