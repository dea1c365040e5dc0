import { ActionIcon, Avatar, Badge, Divider, Group, Menu, Stack, Text, useMantineColorScheme } from "@mantine/core";
import { IconDeviceDesktop, IconLogout, IconMoon, IconSun } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { graphql } from "../api/generated";
import { useAsk } from "../api/queries";
import { signOut } from "../api/session";

export const whoAmI = graphql(`
  query WhoAmI {
    me {
      name
      groups
      anonymous
    }
  }
`);

const usage = graphql(`
  query Usage {
    numbers {
      clusters
      pods
      podsInMesh
    }
    controlPlanes {
      id
    }
  }
`);

const schemes = [
  { value: "light", label: "Light", icon: IconSun },
  { value: "dark", label: "Dark", icon: IconMoon },
  { value: "auto", label: "As the system", icon: IconDeviceDesktop },
] as const;

/** Who is signed in, with what the mesh uses, and how the dashboard looks. */
export function UserMenu({ signedOut }: { signedOut: () => void }) {
  const client = useQueryClient();
  const { data } = useAsk(whoAmI, {}, { freshness: "fixed" });
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const me = data?.me;
  return (
    <Menu position="bottom-end" width={280} keepMounted={false}>
      <Menu.Target>
        <ActionIcon variant="subtle" size="lg" radius="xl" aria-label="User menu">
          <Avatar size="sm" radius="xl" alt="" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Stack gap={4} p="xs">
          <Text fw={600}>{me?.anonymous ? "Nobody signs in here" : me?.name}</Text>
          {me?.anonymous && <Text size="xs">Everybody acts with the rights of the server.</Text>}
          <Group gap={4}>
            {me?.groups.map((group) => (
              <Badge key={group} variant="default" size="sm" tt="none">
                {group}
              </Badge>
            ))}
          </Group>
          <Usage />
        </Stack>
        <Divider />
        <Menu.Label>Appearance</Menu.Label>
        {schemes.map(({ value, label, icon: Icon }) => (
          <Menu.Item
            key={value}
            leftSection={<Icon size={16} />}
            rightSection={colorScheme === value ? "✓" : undefined}
            onClick={() => setColorScheme(value)}
          >
            {label}
          </Menu.Item>
        ))}
        {me && !me.anonymous && (
          <Menu.Item
            leftSection={<IconLogout size={16} />}
            onClick={() => {
              void signOut().then(() => {
                client.clear();
                signedOut();
              });
            }}
          >
            Sign out
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

function Usage() {
  const { data } = useAsk(usage, {});
  if (!data) {
    return null;
  }
  const { clusters, pods, podsInMesh } = data.numbers;
  const planes = data.controlPlanes.length;
  return (
    <Text size="xs" c="dimmed">
      {clusters} {clusters === 1 ? "cluster" : "clusters"}, {planes} {planes === 1 ? "control plane" : "control planes"}
      , {podsInMesh} of {pods} pods in the mesh
    </Text>
  );
}
