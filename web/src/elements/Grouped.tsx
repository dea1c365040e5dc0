import { Text } from "@mantine/core";
import type { ReactNode } from "react";
import { byID, type Column, DataTable } from "./DataTable";
import { Panel } from "./Page";

interface Placed {
  id: string;
  cluster: string;
  namespace: string;
}

interface Props<Row> {
  rows: Row[];
  columns: Column<Row>[];
  /** How many there are, should these not be all. */
  total: number;
  /** What stands there without rows. */
  none: ReactNode;
}

/** Objects by namespace: a table for each. */
export function Grouped<Row extends Placed>({ rows, columns, total, none }: Props<Row>) {
  if (rows.length === 0) {
    return none;
  }
  const several = new Set(rows.map(({ cluster }) => cluster)).size > 1;
  const groups = Map.groupBy(rows, ({ cluster, namespace }) => (several ? `${namespace} (${cluster})` : namespace));
  return (
    <>
      {[...groups].map(([name, members]) => (
        <Panel key={name} title={name} flush>
          <DataTable rows={members} columns={columns} keyOf={byID} />
        </Panel>
      ))}
      {total > rows.length && (
        <Text size="sm" c="dimmed">
          These are {rows.length} of {total}. Choose namespaces to see the others.
        </Text>
      )}
    </>
  );
}
