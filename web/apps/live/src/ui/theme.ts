import { type CSSVariablesResolver, type MantineColorsTuple, createTheme } from "@mantine/core";

/** The accent, from a wash to its darkest; index 7 is the one on white, 4 the one on dark. */
const petrol: MantineColorsTuple = [
  "#e9f5f7",
  "#d5e8ec",
  "#abd2da",
  "#7fbbc8",
  "#5aa7b8",
  "#4099ad",
  "#2c8aa0",
  "#0f6478",
  "#0b5567",
  "#064756",
];

/** The dark surfaces, from text to the deepest; the components' own are a colder grey. */
const dark: MantineColorsTuple = [
  "#e3e6e6",
  "#b6bcbe",
  "#929a9e",
  "#6b7377",
  "#4a5358",
  "#384045",
  "#242a2e",
  "#191d20",
  "#15181b",
  "#101315",
];

export const theme = createTheme({
  primaryColor: "petrol",
  primaryShade: 7,
  autoContrast: true,
  colors: { petrol, dark },
  fontFamily: "var(--cb-sans)",
  fontFamilyMonospace: "var(--cb-mono)",
  defaultRadius: "sm",
  cursorType: "pointer",
  fontSizes: { xs: "12px", sm: "13px", md: "14px", lg: "16px", xl: "18px" },
  components: {
    Button: { defaultProps: { size: "xs" } },
    ActionIcon: { defaultProps: { variant: "subtle", color: "gray" } },
    TextInput: { defaultProps: { size: "xs" } },
    NumberInput: { defaultProps: { size: "xs" } },
    Select: { defaultProps: { size: "xs" } },
    Checkbox: { defaultProps: { size: "xs" } },
    Switch: { defaultProps: { size: "xs" } },
    SegmentedControl: { defaultProps: { size: "xs" } },
    Tabs: { defaultProps: { color: "var(--cb-accent)" } },
    Tooltip: { defaultProps: { openDelay: 350, fz: "xs" } },
    Popover: { defaultProps: { shadow: "md" } },
    Menu: { defaultProps: { shadow: "md" } },
    Modal: { defaultProps: { closeButtonProps: { "aria-label": "Close" } } },
    Drawer: { defaultProps: { closeButtonProps: { "aria-label": "Close" } } },
  },
});

const ours = {
  "--mantine-color-body": "var(--cb-surface)",
  "--mantine-color-text": "var(--cb-text)",
  "--mantine-color-dimmed": "var(--cb-dim)",
  "--mantine-color-placeholder": "var(--cb-dim)",
  "--mantine-color-anchor": "var(--cb-accent)",
  "--mantine-color-default": "var(--cb-surface)",
  "--mantine-color-default-hover": "var(--cb-hover)",
  "--mantine-color-default-color": "var(--cb-text)",
  "--mantine-color-default-border": "var(--cb-line-strong)",
};

/** The components take the page's colours (app.css), in both schemes. */
export const cssVariables: CSSVariablesResolver = () => ({ variables: {}, light: ours, dark: ours });

/** Of this answer of the server: only style sheets that carry it are taken (Content-Security-Policy). */
export const styleNonce = (): string =>
  document.querySelector<HTMLMetaElement>('meta[name="style-nonce"]')?.content ?? "";
