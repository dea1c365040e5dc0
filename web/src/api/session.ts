/** Exchanges a login token for the session's cookie; the error says why not. */
export async function signIn(loginToken: string): Promise<void> {
  const response = await fetch("/api/auth/session", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ loginToken }),
  });
  if (!response.ok) {
    const answer = (await response.json().catch(() => ({}))) as { error?: string };
    throw new Error(answer.error ?? `the server answered ${response.status}`);
  }
}

export async function signOut(): Promise<void> {
  await fetch("/api/auth/logout", { method: "POST" });
}

const fragment = /^#token=(.+)$/;

/** Takes the login token that `smm dashboard` puts into the address' fragment, which browsers send to nobody. */
export function takeToken(): string | undefined {
  const token = fragment.exec(location.hash)?.[1];
  if (token) {
    history.replaceState(history.state, "", location.pathname + location.search);
  }
  return token && decodeURIComponent(token.replaceAll("+", " "));
}
