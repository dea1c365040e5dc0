/** Signs in as `smm login` does: a Kubernetes token for the product's own, and that for one that a browser can take. */
export async function signIn(server: string, token: string): Promise<string> {
  const login = await post(`${server}/api/auth/login`, { token });
  const issued = await post(`${server}/api/auth/token`, {}, login.idToken);
  return issued.loginToken ?? "";
}

async function post(
  address: string,
  body: unknown,
  bearer?: string,
): Promise<{ idToken?: string; loginToken?: string }> {
  const response = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...(bearer && { Authorization: `Bearer ${bearer}` }) },
    body: JSON.stringify(body),
  });
  if (!response.ok) {
    throw new Error(`${address} answered ${response.status}: ${await response.text()}`);
  }
  return response.json();
}
