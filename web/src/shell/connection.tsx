import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useState } from "react";
import { graphql } from "../api/generated";
import { subscribe } from "../api/subscribe";

/** Whether what is shown is how things are. */
export interface Connection {
  live: boolean;
  /** When the last news came, in milliseconds; undefined before the first. */
  last?: number;
  problem?: string;
}

const changes = graphql(`
  subscription InventoryChanged {
    inventoryChanged
  }
`);

const ConnectionContext = createContext<Connection>({ live: false });

/** How the connection to the server is. */
export const useConnection = () => useContext(ConnectionContext);

/** Follows the changes in the clusters and has what is outdated read anew. */
export function ConnectionProvider({ signedIn, children }: { signedIn: boolean; children: ReactNode }) {
  const client = useQueryClient();
  const [connection, setConnection] = useState<Connection>({ live: false });
  useEffect(() => {
    if (!signedIn) {
      return;
    }
    return subscribe(
      changes,
      {},
      {
        next: () => {
          setConnection({ live: true, last: Date.now() });
          void client.invalidateQueries({ queryKey: ["inventory"] });
        },
        state: (problem) =>
          setConnection((known) => ({
            live: !problem,
            last: problem ? (known.live ? Date.now() : known.last) : Date.now(),
            problem: problem?.message,
          })),
      },
    );
  }, [client, signedIn]);
  return <ConnectionContext value={connection}>{children}</ConnectionContext>;
}
