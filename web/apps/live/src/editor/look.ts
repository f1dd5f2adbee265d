/** How every editor of the app looks: the page's colours, in both schemes. */
import { HighlightStyle } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

export const look = EditorView.theme({
  "&": { height: "100%", fontSize: "13px", backgroundColor: "var(--cb-surface)", color: "var(--cb-text)" },
  ".cm-scroller": { fontFamily: "var(--cb-mono)", lineHeight: "1.55" },
  ".cm-gutters": { backgroundColor: "var(--cb-surface)", color: "var(--cb-dim)", border: "none" },
  ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--cb-hover) 55%, transparent)" },
  ".cm-activeLineGutter": { backgroundColor: "transparent" },
  ".cm-cursor": { borderLeftColor: "var(--cb-text)" },
  "&.cm-focused": { outline: "none" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "var(--cb-selected-head) !important",
  },
  ".cm-tooltip": {
    backgroundColor: "var(--cb-raised)",
    border: "1px solid var(--cb-line-strong)",
    borderRadius: "6px",
  },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": {
    backgroundColor: "var(--cb-accent-wash)",
    color: "var(--cb-text)",
  },
  ".cm-placeholder": { color: "var(--cb-dim)" },
});

export const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--cb-accent)", fontWeight: "550" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--cb-good)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--cb-warn)" },
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--cb-accent)" },
  { tag: tags.comment, color: "var(--cb-dim)", fontStyle: "italic" },
  { tag: [tags.typeName, tags.standard(tags.name)], color: "var(--cb-soft)" },
]);
