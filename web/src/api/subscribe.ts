import { ApiError, post } from "./client";
import { readEvents } from "./events";
import type { TypedDocumentString } from "./generated/graphql";

/** What a subscription tells. */
export interface Listener<Data> {
  next: (data: Data) => void;
  /** The connection is up, or went down and will be tried again, unless the problem is of a kind that trying cannot mend. */
  state?: (problem: ApiError | undefined) => void;
  /** The server has nothing more to say. Where nobody asks for this, the subscription has no end: then it was the server that ended. */
  complete?: () => void;
}

const firstWait = 1_000;
const longestWait = 15_000;

/** Follows a subscription of the API by server-sent events and connects again when the connection breaks. */
export function subscribe<Data, Variables>(
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
  listener: Listener<Data>,
): () => void {
  const abort = new AbortController();
  void follow(document.toString(), variables, listener, abort.signal);
  return () => abort.abort();
}

async function follow<Data>(query: string, variables: unknown, listener: Listener<Data>, signal: AbortSignal) {
  let wait = firstWait;
  while (!signal.aborted) {
    try {
      const response = await post(query, variables, "text/event-stream", signal);
      if (!response.body) {
        throw new ApiError("the server sent nothing", "unreachable");
      }
      listener.state?.(undefined);
      for await (const event of readEvents(response.body)) {
        wait = firstWait;
        if (event.name === "complete") {
          if (!listener.complete) {
            break;
          }
          listener.complete();
          return;
        }
        deliver(event.data, listener);
      }
      listener.state?.(new ApiError("the connection to the server was lost", "unreachable"));
    } catch (problem) {
      if (signal.aborted) {
        return;
      }
      const known = problem instanceof ApiError ? problem : new ApiError("the server cannot be reached", "unreachable");
      listener.state?.(known);
      if (known.kind !== "unreachable") {
        return;
      }
    }
    await pause(wait, signal);
    wait = Math.min(wait * 2, longestWait);
  }
}

function deliver<Data>(text: string, listener: Listener<Data>) {
  const answer = JSON.parse(text || "{}") as { data?: Data; errors?: { message: string }[] };
  if (answer.errors?.length) {
    throw new ApiError(answer.errors.map((error) => error.message).join("; "), "refused");
  }
  if (answer.data) {
    listener.next(answer.data);
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
