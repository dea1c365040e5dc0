/** One server-sent event. */
export interface ServerEvent {
  name: string;
  data: string;
}

/** Splits a stream of text into server-sent events (HTML standard, "Server-sent events"). Comments keep it alive. */
export async function* readEvents(stream: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  const reader = stream.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        return;
      }
      rest += value;
      for (let end = rest.indexOf("\n\n"); end >= 0; end = rest.indexOf("\n\n")) {
        const event = parseEvent(rest.slice(0, end));
        rest = rest.slice(end + 2);
        if (event) {
          yield event;
        }
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** Reads one block of lines; nothing when it has only comments. */
export function parseEvent(block: string): ServerEvent | undefined {
  let name = "";
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const [, field, text = ""] = /^([^:]+)(?:: ?(.*))?$/.exec(line) ?? [];
    if (field === "event") {
      name = text;
    } else if (field === "data") {
      data.push(text);
    }
  }
  return name || data.length ? { name: name || "message", data: data.join("\n") } : undefined;
}
