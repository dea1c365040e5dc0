import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";
import classes from "./Editor.module.css";
import { monaco, setSchema } from "./monaco";
import type { Finding } from "./problems";

interface Props {
  text: string;
  onChange: (text: string) => void;
  /** What is underlined, besides what the language service finds itself. */
  findings: Finding[];
  kind: string;
  schema?: string | null;
  readOnly?: boolean;
  /** How many mistakes the language service sees. */
  onMarkers?: (messages: Finding[]) => void;
}

const owner = "server";

/** The YAML editor. Tab leaves it after Ctrl-M, so that the keyboard is not caught. */
export function Editor({ text, onChange, findings, kind, schema, readOnly, onMarkers }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const editor = useRef<monaco.editor.IStandaloneCodeEditor>(undefined);
  const tell = useRef({ onChange, onMarkers });
  tell.current = { onChange, onMarkers };
  const dark = useComputedColorScheme("light") === "dark";

  // biome-ignore lint/correctness/useExhaustiveDependencies: made once; what changes is brought in below
  useEffect(() => {
    if (!place.current) {
      return;
    }
    const model = monaco.editor.createModel(text, "yaml", monaco.Uri.parse(`file:///${kind}.yaml`));
    const made = monaco.editor.create(place.current, {
      model,
      minimap: { enabled: false },
      automaticLayout: true,
      scrollBeyondLastLine: false,
      fontSize: 13,
      tabSize: 2,
      ariaLabel: "YAML of the resource",
      fixedOverflowWidgets: true,
      quickSuggestions: { other: true, comments: false, strings: true },
    });
    editor.current = made;
    const changed = model.onDidChangeContent(() => tell.current.onChange(model.getValue()));
    const marked = monaco.editor.onDidChangeMarkers(() => {
      const markers = monaco.editor.getModelMarkers({ resource: model.uri }).filter((marker) => marker.owner !== owner);
      tell.current.onMarkers?.(markers.map((marker) => ({ message: marker.message, line: marker.startLineNumber })));
    });
    return () => {
      changed.dispose();
      marked.dispose();
      made.dispose();
      model.dispose();
    };
  }, [kind]);

  useEffect(() => {
    const model = editor.current?.getModel();
    if (model && model.getValue() !== text) {
      model.setValue(text);
    }
  }, [text]);

  useEffect(() => {
    const model = editor.current?.getModel();
    if (model) {
      void setSchema(model, kind, schema);
    }
  }, [kind, schema]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another kind has another model
  useEffect(() => {
    const model = editor.current?.getModel();
    if (model) {
      monaco.editor.setModelMarkers(
        model,
        owner,
        findings.map((finding) => markerOf(model, finding)),
      );
    }
  }, [findings, kind]);

  useEffect(() => monaco.editor.setTheme(dark ? "smm-dark" : "smm-light"), [dark]);
  useEffect(() => editor.current?.updateOptions({ readOnly }), [readOnly]);

  return <div ref={place} className={classes.editor} data-testid="editor" />;
}

function markerOf(model: monaco.editor.ITextModel, { message, line }: Finding): monaco.editor.IMarkerData {
  const number = Math.min(Math.max(line, 1), model.getLineCount());
  return {
    severity: monaco.MarkerSeverity.Error,
    message,
    startLineNumber: number,
    endLineNumber: number,
    startColumn: model.getLineFirstNonWhitespaceColumn(number) || 1,
    endColumn: model.getLineMaxColumn(number),
  };
}
