import { graphql } from "../api/generated";
import { useAsk } from "../api/queries";

const tools = graphql(`
  query Tools {
    tools {
      grafana
      jaeger
    }
  }
`);

/** Addresses of other tools; undefined for what the server was not told of. */
export function useTools(): { grafana?: string; jaeger?: string } {
  const { data } = useAsk(tools, {}, { freshness: "fixed" });
  return { grafana: data?.tools.grafana ?? undefined, jaeger: data?.tools.jaeger ?? undefined };
}
