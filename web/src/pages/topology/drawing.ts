import { useCallback, useMemo } from "react";
import { useSearchParams } from "react-router";
import { type BoxKind, boxKinds, type Drawing } from "./graph";
import { type LabelKind, labelKinds } from "./labels";

const usual = ["namespace", "app"];

/** How the graph is drawn, and what is chosen in it: all of it in the address. */
export function useDrawing() {
  const [search, setSearch] = useSearchParams();
  const chosen = search.has("show") ? (search.get("show") ?? "").split(",") : usual;
  const label = labelKinds.find(({ value }) => value === search.get("label"))?.value ?? "rate";
  const key = [chosen.join(","), search.getAll("fold").join("|"), search.get("focus") ?? ""].join(";");
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key holds all of the search that this is made of
  const drawing = useMemo<Drawing>(
    () => ({
      boxes: boxKinds.filter((kind) => chosen.includes(kind)),
      services: chosen.includes("service"),
      folded: search.getAll("fold"),
      focus: search.get("focus") ?? undefined,
    }),
    [key],
  );
  const change = useCallback(
    (edit: (search: URLSearchParams) => void) =>
      setSearch((current) => {
        const next = new URLSearchParams(current);
        edit(next);
        return next;
      }),
    [setSearch],
  );
  return {
    drawing,
    label,
    selected: search.get("select") ?? undefined,
    setShown: (shown: string[]) => change((next) => next.set("show", shown.join(","))),
    setLabel: (kind: LabelKind) => change((next) => next.set("label", kind)),
    select: useCallback(
      (id: string | undefined) => change((next) => (id ? next.set("select", id) : next.delete("select"))),
      [change],
    ),
    setFocus: (id: string | undefined) => change((next) => (id ? next.set("focus", id) : next.delete("focus"))),
    toggleFold: useCallback(
      (id: string) =>
        change((next) => {
          const folded = next.getAll("fold");
          next.delete("fold");
          for (const one of folded.includes(id) ? folded.filter((known) => known !== id) : [...folded, id]) {
            next.append("fold", one);
          }
        }),
      [change],
    ),
    /** The address of this page with another object in the panel. */
    addressOf: useCallback(
      (id: string) => {
        const next = new URLSearchParams(search);
        next.set("select", id);
        return `?${next}`;
      },
      [search],
    ),
  };
}

/** What can be shown of the mesh; workloads always are. */
export const shownKinds: { value: BoxKind | "service"; label: string }[] = [
  { value: "cluster", label: "Clusters" },
  { value: "namespace", label: "Namespaces" },
  { value: "app", label: "Apps" },
  { value: "service", label: "Services" },
];
