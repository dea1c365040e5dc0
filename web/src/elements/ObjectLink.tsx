import { Anchor } from "@mantine/core";
import { createContext, type ReactNode, useContext } from "react";
import { Link } from "react-router";
import { addressOf, parseID } from "../view/id";
import { useView } from "../view/view";

/** How a place leads to objects: to their pages, unless the place shows them itself, as a panel beside a graph does. */
export const AddressContext = createContext<((id: string) => string) | undefined>(undefined);

/** A link to an object. */
export function ObjectLink({ id, children }: { id: string; children?: ReactNode }) {
  const { within } = useView();
  const address = useContext(AddressContext);
  return (
    <Anchor component={Link} to={address ? address(id) : within(addressOf(id))} inherit>
      {children ?? parseID(id).name}
    </Anchor>
  );
}
