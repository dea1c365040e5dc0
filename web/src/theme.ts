import { type CSSVariablesResolver, createTheme } from "@mantine/core";

export const theme = createTheme({
  primaryColor: "cyan",
  primaryShade: 9,
  autoContrast: true,
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SF Mono', Menlo, 'DejaVu Sans Mono', monospace",
  headings: {
    fontWeight: "600",
    sizes: { h1: { fontSize: "1.35rem" }, h2: { fontSize: "1rem" }, h3: { fontSize: "0.9rem" } },
  },
  defaultRadius: "sm",
  components: {
    Modal: { defaultProps: { closeButtonProps: { "aria-label": "Close" } } },
    Table: { defaultProps: { verticalSpacing: 6, horizontalSpacing: "sm", fz: "sm" } },
    Tooltip: { defaultProps: { withArrow: true, events: { hover: true, focus: true, touch: true } } },
  },
});

/** Of its own accord, the darkest shade becomes lighter under the pointer: too light for the white text on it. */
const pointedAt = {
  "--mantine-color-cyan-filled-hover": "#095c6b",
  "--mantine-color-red-filled-hover": "#a61e1e",
};

/** Colours with the contrast that small text needs (WCAG 2.2, 1.4.3). */
export const cssVariables: CSSVariablesResolver = (known) => ({
  variables: {},
  light: {
    ...pointedAt,
    "--mantine-color-dimmed": known.colors.gray?.[7] ?? "",
    "--mantine-color-anchor": known.colors.cyan?.[9] ?? "",
    "--mantine-color-placeholder": known.colors.gray?.[7] ?? "",
    "--smm-good": "#087f5b",
    "--smm-warning": "#a33c00",
    "--smm-bad": "#c92a2a",
    "--smm-neutral": "#495057",
    "--smm-panel": "#ffffff",
    "--smm-ground": "#f6f8f9",
  },
  dark: {
    ...pointedAt,
    "--mantine-color-dimmed": known.colors.dark?.[1] ?? "",
    "--mantine-color-anchor": known.colors.cyan?.[3] ?? "",
    "--mantine-color-placeholder": known.colors.dark?.[1] ?? "",
    "--smm-good": "#38d9a9",
    "--smm-warning": "#ffa94d",
    "--smm-bad": "#ff8787",
    "--smm-neutral": "#adb5bd",
    "--smm-panel": "#2a2a2a",
    "--smm-ground": "#1d1d1d",
  },
});
