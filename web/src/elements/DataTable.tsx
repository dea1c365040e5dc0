import { Table, Text } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./DataTable.module.css";

/** One column of a table. */
export interface Column<Row> {
  title: ReactNode;
  cell: (row: Row) => ReactNode;
  /** Numbers stand to the right. */
  right?: boolean;
  width?: number;
  /** A short value that stays on one line. */
  short?: boolean;
}

interface Props<Row> {
  rows: Row[];
  columns: Column<Row>[];
  /** What a row is known by. */
  keyOf: (row: Row) => string;
  /** What stands there without rows: that there are none, and what to do about it. */
  none?: ReactNode;
  /** Where room is scarce. */
  small?: boolean;
}

/** The one table of the dashboard. */
export function DataTable<Row>({ rows, columns, keyOf, none, small }: Props<Row>) {
  if (rows.length === 0 && none) {
    return (
      <Text size="sm" p="md" c="dimmed" component="div">
        {none}
      </Text>
    );
  }
  return (
    <Table fz={small ? "xs" : undefined}>
      <Table.Thead>
        <Table.Tr>
          {columns.map(({ title, right, width }, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a column is known by its place
            <Table.Th key={index} ta={right ? "right" : undefined} w={width} className={classes.short}>
              {title}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map((row) => (
          <Table.Tr key={keyOf(row)}>
            {columns.map(({ cell, right, short }, index) => (
              <Table.Td
                // biome-ignore lint/suspicious/noArrayIndexKey: a column is known by its place
                key={index}
                ta={right ? "right" : undefined}
                className={right || short ? classes.short : undefined}
              >
                {cell(row)}
              </Table.Td>
            ))}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

/** What a row is known by when it is an object. */
export const byID = ({ id }: { id: string }) => id;
