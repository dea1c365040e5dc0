import { AppShell, Burger, Group, NavLink, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import {
  IconAffiliate,
  IconBoxMultiple,
  IconCode,
  IconDoorEnter,
  IconLayoutDashboard,
  IconServer2,
  IconTopologyStar3,
} from "@tabler/icons-react";
import { Suspense } from "react";
import { Link, Outlet, useLocation } from "react-router";
import { Loading } from "../elements/Answer";
import { useView } from "../view/view";
import { ConnectionState } from "./ConnectionState";
import { FilterBar } from "./FilterBar";
import { Search } from "./Search";
import classes from "./Shell.module.css";
import { Timeline, TimeSwitch } from "./TimeControl";
import { UserMenu } from "./UserMenu";

const menu = [
  { path: "/overview", label: "Overview", icon: IconLayoutDashboard },
  { path: "/topology", label: "Topology", icon: IconTopologyStar3 },
  { path: "/mesh", label: "Mesh", icon: IconAffiliate },
  { path: "/workloads", label: "Workloads", icon: IconBoxMultiple },
  { path: "/services", label: "Services", icon: IconServer2 },
  { path: "/gateways", label: "Gateways", icon: IconDoorEnter },
  { path: "/resources", label: "Istio resources", icon: IconCode },
];

/** The frame around every page: the menu, and the controls that choose what all pages show. */
export function Shell({ signedOut }: { signedOut: () => void }) {
  const [opened, { toggle, close }] = useDisclosure();
  const { pathname } = useLocation();
  const { within } = useView();
  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 200, breakpoint: "sm", collapsed: { mobile: !opened } }}
      padding={0}
    >
      <a href="#content" className={classes.skip}>
        Skip to the content
      </a>
      <AppShell.Header className={classes.header}>
        <Group gap="xs" wrap="nowrap">
          <Burger opened={opened} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Menu" />
          <img src="/icon.svg" alt="" width={26} height={26} />
          <Text fw={600} visibleFrom="lg">
            Service Mesh Manager
          </Text>
        </Group>
        <Group gap="sm" wrap="nowrap">
          <FilterBar />
          <TimeSwitch />
          <Search />
          <UserMenu signedOut={signedOut} />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar className={classes.navbar} aria-label="Menu">
        <div>
          {menu.map(({ path, label, icon: Icon }) => (
            <NavLink
              key={path}
              className={classes.entry}
              component={Link}
              to={within(path)}
              label={label}
              leftSection={<Icon size={18} aria-hidden />}
              active={pathname === path || pathname.startsWith(`${path}/`)}
              aria-current={pathname === path ? "page" : undefined}
              onClick={close}
            />
          ))}
        </div>
        <ConnectionState />
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1} className={classes.main}>
        <Timeline />
        <Suspense fallback={<Loading />}>
          <Outlet />
        </Suspense>
      </AppShell.Main>
    </AppShell>
  );
}
