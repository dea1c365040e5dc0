/** Digits in groups of three. The browser's own formats take it longer to load than the rest of a page. */
function group(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A number with about three digits. */
export function formatNumber(value: number): string {
  if (value !== 0 && Math.abs(value) < 0.01) {
    return "<0.01";
  }
  const digits = Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0;
  const [whole = "", fraction] = String(Number(value.toFixed(digits))).split(".");
  return fraction ? `${whole}.${fraction}` : group(whole);
}

/** What is not known is shown as a dash, never as zero. */
export const unknown = "–";

export function formatCount(value: number | null | undefined): string {
  return value == null ? unknown : group(value.toFixed(0));
}

export function formatRate(value: number | null | undefined): string {
  return value == null ? unknown : `${formatNumber(value)}/s`;
}

/** A share between 0 and 1. */
export function formatShare(value: number | null | undefined): string {
  return value == null ? unknown : `${formatNumber(value * 100)}%`;
}

export function formatSeconds(value: number | null | undefined): string {
  if (value == null) {
    return unknown;
  }
  return value < 1 ? `${formatNumber(value * 1000)} ms` : `${formatNumber(value)} s`;
}

const units = ["B", "KiB", "MiB", "GiB", "TiB"];

export function formatBytes(value: number | null | undefined): string {
  if (value == null) {
    return unknown;
  }
  let scaled = value;
  let unit = 0;
  while (scaled >= 1024 && unit < units.length - 1) {
    scaled /= 1024;
    unit++;
  }
  return `${formatNumber(scaled)} ${units[unit]}`;
}

const steps: [number, string][] = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "m"],
  [1, "s"],
];

/** How long ago something was, in its largest unit. */
export function formatAge(time: string, now: number): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(time)) / 1000));
  for (const [size, unit] of steps) {
    if (seconds >= size) {
      return `${Math.floor(seconds / size)}${unit}`;
    }
  }
  return "0s";
}

export function formatTime(time: string | number | Date): string {
  return new Date(time).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium" });
}
