import { Group, Paper, Stack, Text, Title } from "@mantine/core";
import { type ReactNode, useEffect } from "react";
import classes from "./Page.module.css";

/** One page: its title, what can be done, and its panels. */
export function Page({
  title,
  kind,
  actions,
  children,
}: {
  title: string;
  kind?: string;
  actions?: ReactNode;
  children: ReactNode;
}) {
  useEffect(() => {
    document.title = `${title} · Service Mesh Manager`;
  }, [title]);
  return (
    <Stack p="md" gap="md">
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <div>
          {kind && (
            <Text size="xs" c="dimmed">
              {kind}
            </Text>
          )}
          <Title order={1}>{title}</Title>
        </div>
        {actions && <Group gap="xs">{actions}</Group>}
      </Group>
      {children}
    </Stack>
  );
}

/** A titled box on a page. */
export function Panel({
  title,
  actions,
  flush,
  children,
}: {
  title?: string;
  actions?: ReactNode;
  flush?: boolean;
  children: ReactNode;
}) {
  return (
    <Paper withBorder className={classes.panel} component="section" aria-label={title}>
      {(title || actions) && (
        <Group justify="space-between" className={classes.heading}>
          {title && <Title order={2}>{title}</Title>}
          {actions && (
            <Group gap="xs" ml="auto">
              {actions}
            </Group>
          )}
        </Group>
      )}
      <div className={flush ? classes.flush : classes.content}>{children}</div>
    </Paper>
  );
}
