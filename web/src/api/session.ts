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

/**
 * Signs in with the login token that `smm dashboard` puts into the address' fragment, which browsers send to nobody.
 * Returns why the server refuses it.
 */
export async function signInByAddress(): Promise<string | undefined> {
  const token = fragment.exec(location.hash)?.[1];
  if (!token) {
    return undefined;
  }
  history.replaceState(history.state, "", location.pathname + location.search);
  try {
    await signIn(decodeURIComponent(token.replaceAll("+", " ")));
    return undefined;
  } catch (failure) {
    return reasonOf(failure);
  }
}

/** What to tell of a failure. */
export function reasonOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure);
}
