import type { CodegenConfig } from "@graphql-codegen/cli";

// The API's types, and those of each query, from the schema that the server is generated from.
const config: CodegenConfig = {
  schema: "../internal/server/graph/schema/*.graphqls",
  documents: "src/**/*.{ts,tsx}",
  ignoreNoDocuments: true,
  generates: {
    "src/api/generated/": {
      preset: "client",
      presetConfig: { fragmentMasking: false },
      config: { documentMode: "string", enumsAsTypes: true, useTypeImports: true, strictScalars: true },
    },
  },
};

export default config;
