import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";
import classes from "./Editor.module.css";
import { monaco } from "./monaco";

/** Two texts side by side: how the object is, and how it was edited. */
export function Difference({ before, after }: { before: string; after: string }) {
  const place = useRef<HTMLDivElement>(null);
  const dark = useComputedColorScheme("light") === "dark";
  useEffect(() => {
    if (!place.current) {
      return;
    }
    const original = monaco.editor.createModel(before, "yaml");
    const modified = monaco.editor.createModel(after, "yaml");
    const editor = monaco.editor.createDiffEditor(place.current, {
      readOnly: true,
      automaticLayout: true,
      minimap: { enabled: false },
      renderSideBySide: true,
      originalAriaLabel: "How it is",
      modifiedAriaLabel: "How it would be",
    });
    editor.setModel({ original, modified });
    return () => {
      editor.dispose();
      original.dispose();
      modified.dispose();
    };
  }, [before, after]);
  useEffect(() => monaco.editor.setTheme(dark ? "smm-dark" : "smm-light"), [dark]);
  return <div ref={place} className={classes.editor} />;
}
