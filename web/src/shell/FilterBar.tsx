import { Group, MultiSelect } from "@mantine/core";
import { useMemo } from "react";
import { graphql } from "../api/generated";
import { useAsk } from "../api/queries";
import { useView } from "../view/view";
import classes from "./FilterBar.module.css";

const places = graphql(`
  query Places {
    clusters {
      name
    }
    namespaces {
      cluster
      name
    }
  }
`);

/** Restricts every page to clusters and namespaces. */
export function FilterBar() {
  const { view, setView } = useView();
  const { data } = useAsk(places, {});
  const clusters = useMemo(
    () =>
      merge(
        data?.clusters.map(({ name }) => name),
        view.clusters,
      ),
    [data, view.clusters],
  );
  const namespaces = useMemo(() => {
    const found = data?.namespaces.filter(({ cluster }) => !view.clusters.length || view.clusters.includes(cluster));
    return merge(
      found?.map(({ name }) => name),
      view.namespaces,
    );
  }, [data, view]);
  return (
    <Group gap="xs" wrap="nowrap" role="search" aria-label="What to show">
      {clusters.length > 1 && (
        <MultiSelect
          aria-label="Clusters"
          placeholder={view.clusters.length ? undefined : "All clusters"}
          data={clusters}
          value={view.clusters}
          onChange={(chosen) => setView({ clusters: chosen })}
          clearable
          w={200}
          size="xs"
          classNames={classes}
        />
      )}
      <MultiSelect
        aria-label="Namespaces"
        placeholder={view.namespaces.length ? undefined : "All namespaces"}
        data={namespaces}
        value={view.namespaces}
        onChange={(chosen) => setView({ namespaces: chosen })}
        searchable
        clearable
        w={260}
        size="xs"
        classNames={classes}
        nothingFoundMessage="No such namespace"
      />
    </Group>
  );
}

/** Names, each once and sorted; those that are chosen stay to be seen even where they are gone. */
function merge(found: string[] | undefined, chosen: string[]): string[] {
  return [...new Set([...(found ?? []), ...chosen])].sort();
}
