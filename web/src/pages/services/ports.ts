interface Port {
  name: string;
  number: number;
  protocol?: string | null;
  targetPort: string;
}

/** A port as in `http 8080 → 8080`. */
export function formatPort({ name, number, protocol, targetPort }: Port): string {
  const label = name || protocol || "";
  const target = targetPort && targetPort !== "0" && targetPort !== String(number) ? ` → ${targetPort}` : "";
  return `${label} ${number}${target}`.trim();
}
