import { Alert, Button, Code, Modal, PasswordInput, Stack, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { reasonOf, signIn } from "../api/session";

/** Asks for a login token, over whatever page is open: what was typed there stays. */
export function SignIn({ refusal, done }: { refusal?: string; done: () => void }) {
  const client = useQueryClient();
  const [token, setToken] = useState("");
  const [problem, setProblem] = useState(refusal);
  const [busy, setBusy] = useState(false);

  async function send(loginToken: string) {
    setBusy(true);
    try {
      await signIn(loginToken.trim());
      done();
      await client.invalidateQueries();
    } catch (failure) {
      setProblem(reasonOf(failure));
    } finally {
      setBusy(false);
    }
  }

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
