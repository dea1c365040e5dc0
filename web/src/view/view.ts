import { useCallback, useMemo } from "react";
import { useSearchParams } from "react-router";
import type { Filter } from "../api/generated/graphql";

/** What the shell's controls choose for all pages. It lives in the address, so that every view can be shared. */
export interface View {
  clusters: string[];
  namespaces: string[];
  /** The past time that is looked at, RFC 3339; undefined for now. */
  at?: string;
}

const names = { clusters: "cluster", namespaces: "namespace", at: "at" } as const;

/** Reads a view out of an address' search part. */
export function readView(search: URLSearchParams): View {
  const at = search.get(names.at);
  return {
    clusters: search.getAll(names.clusters),
    namespaces: search.getAll(names.namespaces),
    at: at && !Number.isNaN(Date.parse(at)) ? at : undefined,
  };
}

/** Puts a view into a search part and keeps what else is there. */
export function writeView(view: View, onto = new URLSearchParams()): URLSearchParams {
  const search = new URLSearchParams(onto);
  for (const name of Object.values(names)) {
    search.delete(name);
  }
  for (const cluster of view.clusters) {
    search.append(names.clusters, cluster);
  }
  for (const namespace of view.namespaces) {
    search.append(names.namespaces, namespace);
  }
  if (view.at) {
    search.set(names.at, view.at);
  }
  return search;
}

/** The view's restriction as the API takes it. */
export function filterOf(view: View): Filter {
  return {
    ...(view.clusters.length ? { clusters: view.clusters } : {}),
    ...(view.namespaces.length ? { namespaces: view.namespaces } : {}),
  };
}

/** The view of the address, and a way to change it. */
export function useView() {
  const [search, setSearch] = useSearchParams();
  const key = writeView(readView(search)).toString();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key holds all of the search that the view is made of
  const view = useMemo(() => readView(search), [key]);
  const filter = useMemo(() => filterOf(view), [view]);
  const setView = useCallback(
    (change: Partial<View>, replace = false) =>
      setSearch((current) => writeView({ ...readView(current), ...change }, current), { replace }),
    [setSearch],
  );
  /** Adds the view to the address of another page. */
  const within = useCallback((address: string) => join(address, key), [key]);
  return { view, filter, setView, within };
}

function join(address: string, search: string): string {
  if (!search) {
    return address;
  }
  return address + (address.includes("?") ? "&" : "?") + search;
}
