import { formatBytes, formatNumber, formatSeconds, formatShare, unknown } from "../../view/format";
import type { Link, Traffic } from "./graph";

/** What the labels of edges tell. */
export const labelKinds = [
  { value: "rate", label: "Request rate" },
  { value: "p95", label: "P95 latency" },
  { value: "security", label: "Security" },
  { value: "none", label: "No labels" },
] as const;
export type LabelKind = (typeof labelKinds)[number]["value"];

/** How an edge does: failing, refused by an open circuit breaker, or well. */
export type Condition = "failing" | "tripped" | "well" | "quiet";

export function conditionOf(traffic: Traffic): Condition {
  if (traffic.flags.some(({ flag, rate }) => flag === "UO" && rate > 0)) {
    return "tripped";
  }
  if (traffic.serverErrors > 0) {
    return "failing";
  }
  return traffic.requests > 0 || traffic.connections > 0 || traffic.sent > 0 || traffic.received > 0 ? "well" : "quiet";
}

/** The text on an edge. */
export function labelOf(link: Link, kind: LabelKind): string {
  switch (kind) {
    case "none":
      return "";
    case "p95":
      return link.protocols.some(hasRequests) ? formatSeconds(link.traffic.p95) : "";
    case "security":
      return securityOf(link.mutualTLS);
    case "rate":
      return rateOf(link);
  }
}

function securityOf(share: number | undefined): string {
  if (share === undefined) {
    return "unknown";
  }
  return share === 1 ? "mutual TLS" : share === 0 ? "plain text" : `${formatShare(share)} mutual TLS`;
}

/** Of all other protocols, such as tcp and mysql, proxies report connections only. */
function hasRequests(protocol: string): boolean {
  return protocol === "http" || protocol === "grpc";
}

function rateOf({ protocols, traffic }: Link): string {
  const errors = traffic.errorRate > 0 ? `, ${formatShare(traffic.errorRate)} errors` : "";
  const parts: string[] = [];
  // Several protocols on one drawn edge share its numbers: these are told once.
  const withRequests = protocols.filter(hasRequests);
  if (withRequests.length > 0) {
    parts.push(`${withRequests.join("+")} ${formatNumber(traffic.requests)}/s${errors}`);
  }
  const others = protocols.filter((protocol) => !hasRequests(protocol));
  if (others.length > 0) {
    parts.push(`${others.join("+")} ${formatBytes(traffic.sent + traffic.received)}/s`);
  }
  return parts.join(", ") || unknown;
}
