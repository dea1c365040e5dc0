import { Alert, Button, Center, Loader, Stack, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";

export function Loading() {
  return (
    <Center p="xl" role="status" aria-label="Loading">
      <Loader size="sm" />
    </Center>
  );
}

/** Says what went wrong, and offers to try again. */
export function Problem({ title, error, retry }: { title: string; error: Error; retry?: () => void }) {
  return (
    <Alert color="red" variant="outline" icon={<IconAlertTriangle />} title={title} role="alert">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{error.message}</Text>
        {retry && (
          <Button size="xs" variant="default" onClick={retry}>
            Try again
          </Button>
        )}
      </Stack>
    </Alert>
  );
}

/** Says that there is nothing, and what to do about it. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <Center p="xl">
      <Stack gap="xs" align="center" maw={520}>
        <Text fw={600}>{title}</Text>
        {children && (
          <Text size="sm" c="dimmed" ta="center" component="div">
            {children}
          </Text>
        )}
      </Stack>
    </Center>
  );
}

/** Shows an answer of the API once it is there. When it cannot be had anew, the last one stays, with the reason. */
export function Answer<Data>({
  of,
  what,
  children,
}: {
  of: UseQueryResult<Data>;
  what: string;
  children: (data: Data) => ReactNode;
}) {
  if (of.data === undefined) {
    return of.error ? (
      <Problem title={`Could not read ${what}`} error={of.error} retry={() => void of.refetch()} />
    ) : (
      <Loading />
    );
  }
  return (
    <>
      {of.error && <Problem title={`Could not read ${what} anew`} error={of.error} retry={() => void of.refetch()} />}
      {children(of.data)}
    </>
  );
}
