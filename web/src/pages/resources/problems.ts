import { isNode, LineCounter, parseDocument } from "yaml";

/** Something wrong with a text, and the line where it is. */
export interface Finding {
  message: string;
  line: number;
}

/** Reads a path such as spec.http[0].route[1].weight or spec.ports[0].name. */
export function readPath(path: string): (string | number)[] {
  const parts: (string | number)[] = [];
  for (const [, name, index] of path.matchAll(/([^.[\]]+)|\[(\d+)\]/g)) {
    parts.push(index === undefined ? (name ?? "") : Number(index));
  }
  return parts;
}

/** The line of a field, counted from 1; that of its nearest ancestor when the field itself is not there. */
export function lineOf(text: string, path: string): number {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter });
  for (let parts = readPath(path); parts.length > 0; parts = parts.slice(0, -1)) {
    const node = document.getIn(parts, true);
    if (isNode(node) && node.range) {
      return counter.linePos(node.range[0]).line;
    }
  }
  return 1;
}

/** What is wrong with the text as YAML. */
export function syntaxOf(text: string): Finding[] {
  const counter = new LineCounter();
  return parseDocument(text, { lineCounter: counter, prettyErrors: false }).errors.map(({ message, pos }) => ({
    message,
    line: counter.linePos(pos[0]).line,
  }));
}

/** What the server found wrong, each at its line. */
export function locate(text: string, problems: { message: string; path?: string | null }[]): Finding[] {
  return problems.map(({ message, path }) => ({
    message: path ? `${path}: ${message}` : message,
    line: path ? lineOf(text, path) : 1,
  }));
}
