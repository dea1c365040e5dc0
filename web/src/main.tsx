import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "./main.css";

import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter } from "react-router";
import { App } from "./App";
import { identity } from "./api/client";
import { newQueryClient } from "./api/queries";
import { signInByAddress } from "./api/session";
import { cssVariables, theme } from "./theme";

// Before the router moves on to another address, and before pages ask what only those are told who are signed in.
const refusal = await signInByAddress();

function Root() {
  const [signedIn, setSignedIn] = useState(refusal === undefined);
  const [client] = useState(newQueryClient);
  useEffect(() => {
    const ask = () => setSignedIn(false);
    identity.addEventListener("unauthenticated", ask);
    return () => identity.removeEventListener("unauthenticated", ask);
  }, []);
  return (
    <StrictMode>
      <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
        <Notifications position="bottom-right" />
        <QueryClientProvider client={client}>
          <BrowserRouter>
            <App refusal={refusal} signedIn={signedIn} setSignedIn={setSignedIn} />
          </BrowserRouter>
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>
  );
}

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(<Root />);
}
