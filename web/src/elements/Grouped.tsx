import { Text } from "@mantine/core";
import type { ReactNode } from "react";
import { Panel } from "./Page";

interface Placed {
  cluster: string;
  namespace: string;
}

/** Objects by namespace: a panel for each. */
export function Grouped<Item extends Placed>({
  items,
  total,
  children,
}: {
  items: Item[];
  total: number;
  children: (items: Item[]) => ReactNode;
}) {
  const several = new Set(items.map((item) => item.cluster)).size > 1;
  const groups = Map.groupBy(items, ({ cluster, namespace }) => (several ? `${namespace} (${cluster})` : namespace));
  return (
    <>
      {[...groups].map(([name, members]) => (
        <Panel key={name} title={name} flush>
          {children(members)}
        </Panel>
      ))}
      {total > items.length && (
        <Text size="sm" c="dimmed">
          These are {items.length} of {total}. Choose namespaces to see the others.
        </Text>
      )}
    </>
  );
}
