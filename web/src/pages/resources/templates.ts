/** A text to start a new resource from. */
export interface Template {
  /** The kind's key, as in an ID. */
  kind: string;
  name: string;
  title: string;
  text: string;
}

const files = import.meta.glob<string>("./templates/**/*.yaml", { query: "?raw", import: "default", eager: true });

/** All templates. A file's folder is its kind, and its first line, a comment, its title. */
export const templates: Template[] = Object.entries(files).map(([path, content]) => {
  const [, kind = "", name = ""] = /templates\/([^/]+)\/([^/]+)\.yaml$/.exec(path) ?? [];
  const end = content.indexOf("\n");
  return { kind, name, title: content.slice(2, end), text: content.slice(end + 1) };
});

/** The templates of a kind, or a bare one where there is none. */
export function templatesOf(kind: {
  key: string;
  kind: string;
  group: string;
  version: string;
  namespaced: boolean;
}): Template[] {
  const known = templates.filter((template) => template.kind === kind.key);
  if (known.length > 0) {
    return known;
  }
  const namespace = kind.namespaced ? "  namespace: default\n" : "";
  const text = `apiVersion: ${kind.group}/${kind.version}\nkind: ${kind.kind}\nmetadata:\n  name: example\n${namespace}spec: {}\n`;
  return [{ kind: kind.key, name: "bare", title: "Empty", text }];
}

/** A template's text for a namespace. */
export function textFor(template: Template, namespace: string | undefined): string {
  return namespace ? template.text.replaceAll("namespace: default", `namespace: ${namespace}`) : template.text;
}
