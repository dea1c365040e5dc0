import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vitest/config";

const server = process.env.SMM_SERVER ?? "http://127.0.0.1:50500";

// The program keeps text compressed only (internal/server/dashboard).
function packed(): Plugin {
  let directory = "";
  return {
    name: "packed",
    apply: "build",
    configResolved(config) {
      directory = path.resolve(config.root, config.build.outDir);
    },
    async closeBundle() {
      const files = await readdir(directory, { recursive: true, withFileTypes: true });
      const texts = files.filter((file) => file.isFile() && /\.(js|css|html|svg|json)$/.test(file.name));
      await Promise.all(
        texts.map(async ({ parentPath, name }) => {
          const file = path.join(parentPath, name);
          await writeFile(`${file}.gz`, await promisify(gzip)(await readFile(file), { level: 9 }));
          await rm(file);
        }),
      );
    },
  };
}

export default defineConfig({
  plugins: [react(), packed()],
  build: {
    outDir: "../internal/server/dashboard/files/dist",
    emptyOutDir: true,
    chunkSizeWarningLimit: 5000,
    // What several pages need is asked for at once, not in forty small files; the editor only where something is edited.
    rolldownOptions: {
      output: { codeSplitting: { groups: [{ name: "shared", test: /^(?!.*monaco)/, minShareCount: 2 }] } },
    },
  },
  worker: { format: "es" },
  server: { proxy: { "/api": server } },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
