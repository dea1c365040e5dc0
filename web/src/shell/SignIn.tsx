import { Alert, Button, Code, Modal, PasswordInput, Stack, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { signIn } from "../api/session";

const fragment = /^#token=(.+)$/;

/**
 * Asks for a login token, over whatever page is open: what was typed there stays. `smm dashboard` puts the token into the
 * address' fragment, which browsers send to nobody.
 */
export function SignIn({ done }: { done: () => void }) {
  const client = useQueryClient();
  const [token, setToken] = useState("");
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);

  async function send(loginToken: string) {
    setBusy(true);
    try {
      await signIn(loginToken.trim());
      done();
      await client.invalidateQueries();
    } catch (failure) {
      setProblem(failure instanceof Error ? failure.message : String(failure));
    } finally {
      setBusy(false);
    }
  }

  // biome-ignore lint/correctness/useExhaustiveDependencies: the address is read once, when this appears
  useEffect(() => {
    const given = fragment.exec(location.hash)?.[1];
    if (given) {
      history.replaceState(history.state, "", location.pathname + location.search);
      void send(decodeURIComponent(given));
    }
  }, []);

  return (
    <Modal opened onClose={() => undefined} withCloseButton={false} centered title="Sign in" closeOnEscape={false}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void send(token);
        }}
      >
        <Stack>
          <Text size="sm">
            <Code>smm dashboard</Code> opens this page signed in. Or run <Code>smm login</Code> and paste the login
            token it prints: it works once, and for a few seconds.
          </Text>
          <PasswordInput
            label="Login token"
            value={token}
            onChange={(event) => setToken(event.currentTarget.value)}
            autoComplete="off"
            data-autofocus
          />
          {problem && (
            <Alert color="red" title="You are not signed in" role="alert">
              {problem}
            </Alert>
          )}
          <Button type="submit" loading={busy} disabled={!token.trim()}>
            Sign in
          </Button>
        </Stack>
      </form>
    </Modal>
  );
}
