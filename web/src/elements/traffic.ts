import { graphql } from "../api/generated";

/** What every view of traffic reads. */
export const trafficParts = graphql(`
  fragment TrafficParts on Traffic {
    requests
    clientErrors
    serverErrors
    unanswered
    errorRate
    p50
    p95
    p99
    connections
    sent
    received
    flags {
      flag
      rate
    }
  }
`);
