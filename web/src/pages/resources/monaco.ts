import * as monaco from "monaco-editor/esm/vs/editor/edcore.main";
import "monaco-editor/esm/vs/basic-languages/yaml/yaml.contribution";
import EditorWorker from "monaco-editor/esm/vs/editor/editor.worker?worker";
import { configureMonacoYaml, type MonacoYaml } from "monaco-yaml";
import YamlWorker from "./yaml.worker?worker";

self.MonacoEnvironment = {
  getWorker: (_, label) => (label === "yaml" ? new YamlWorker() : new EditorWorker()),
};

/** The one YAML language service: its schema is that of the kind that is edited. */
const language: MonacoYaml = configureMonacoYaml(monaco, { enableSchemaRequest: false, hover: true, completion: true });

/** Completes and checks a model by a JSON schema. */
export async function setSchema(model: monaco.editor.ITextModel, kind: string, schema: string | null | undefined) {
  await language.update({
    schemas: schema
      ? [{ uri: `smm://schemas/${kind}`, fileMatch: [model.uri.toString()], schema: JSON.parse(schema) }]
      : [],
  });
}

// Line numbers with the contrast that small text needs.
for (const [name, base, numbers] of [
  ["smm-light", "vs", "#495057"],
  ["smm-dark", "vs-dark", "#adb5bd"],
] as const) {
  monaco.editor.defineTheme(name, {
    base,
    inherit: true,
    rules: [],
    colors: { "editorLineNumber.foreground": numbers, "editorLineNumber.dimmedForeground": numbers },
  });
}

export { monaco };
