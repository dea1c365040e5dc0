import type { TypedDocumentString } from "./generated/graphql";

/** What the server answers with instead of data. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly kind: "unauthenticated" | "unreachable" | "refused",
  ) {
    super(message);
  }
}

/** Tells, by the event "unauthenticated", when the server does not know who asks. */
export const identity = new EventTarget();

const address = "/api/graphql";
const timeout = 30_000;

interface Answer<Data> {
  data?: Data | null;
  errors?: { message: string }[];
}

/** Asks the API once. */
export async function ask<Data, Variables>(
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
  signal?: AbortSignal,
): Promise<Data> {
  const limit = AbortSignal.timeout(timeout);
  const response = await post(
    document.toString(),
    variables,
    "application/json",
    signal ? AbortSignal.any([signal, limit]) : limit,
  );
  const answer = (await response.json().catch(() => ({}))) as Answer<Data>;
  if (answer.errors?.length) {
    throw new ApiError(answer.errors.map((error) => error.message).join("; "), "refused");
  }
  if (!answer.data) {
    throw new ApiError(`the server answered ${response.status}`, "unreachable");
  }
  return answer.data;
}

/** Sends a request and turns what can go wrong on the way into an ApiError. */
export async function post(query: string, variables: unknown, accept: string, signal: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: accept },
      body: JSON.stringify({ query, variables }),
      signal,
    });
  } catch (problem) {
    if (signal.aborted && signal.reason instanceof DOMException && signal.reason.name === "AbortError") {
      throw problem;
    }
    throw new ApiError("the server cannot be reached", "unreachable");
  }
  if (response.status === 401) {
    identity.dispatchEvent(new Event("unauthenticated"));
    throw new ApiError("you are not signed in, or your sign-in has expired", "unauthenticated");
  }
  if (response.status >= 500) {
    throw new ApiError(`the server answered ${response.status}`, "unreachable");
  }
  return response;
}
