import { Paper, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { Link } from "react-router";
import classes from "./Tile.module.css";

/** One number with its name, and a way to what it counts. */
export function Tile({ name, value, detail, to }: { name: string; value: ReactNode; detail?: ReactNode; to?: string }) {
  const content = (
    <>
      <Text className={classes.name}>{name}</Text>
      <Text className={classes.value} component="div">
        {value}
      </Text>
      <Text size="xs" c="dimmed" component="div">
        {detail ?? "\u00a0"}
      </Text>
    </>
  );
  return to ? (
    <Paper withBorder className={classes.tile} component={Link} to={to}>
      {content}
    </Paper>
  ) : (
    <Paper withBorder className={classes.tile}>
      {content}
    </Paper>
  );
}

export function Tiles({ children }: { children: ReactNode }) {
  return <div className={classes.tiles}>{children}</div>;
}
