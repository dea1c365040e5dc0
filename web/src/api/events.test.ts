import { expect, test } from "vitest";
import { parseEvent, readEvents } from "./events";

function streamOf(...chunks: string[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) {
        controller.enqueue(encoder.encode(chunk));
      }
      controller.close();
    },
  });
}

test("events arrive whole, however the network cuts them", async () => {
  const stream = streamOf(": ping\n\nevent: ne", 'xt\ndata: {"a":', "1}\n", "\nevent: complete\n\n");
  const found = [];
  for await (const event of readEvents(stream)) {
    found.push(event);
  }
  expect(found).toEqual([
    { name: "next", data: '{"a":1}' },
    { name: "complete", data: "" },
  ]);
});

test("a comment is no event", () => {
  expect(parseEvent(": keep-alive")).toBeUndefined();
  expect(parseEvent(":")).toBeUndefined();
});

test("several data lines are one text", () => {
  expect(parseEvent("data: a\ndata: b:c")).toEqual({ name: "message", data: "a\nb:c" });
});
