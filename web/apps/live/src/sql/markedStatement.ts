/** Of several statements, marks the lines of the one at the cursor: it is what Ctrl+Enter runs. */
import { type Extension, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView } from "@codemirror/view";
import type { EditorState } from "@codemirror/state";

import { statementAt, statementsIn } from "./statements";

/** Longer texts are written by programs: nothing is marked in them. */
const CHARACTERS_MAX = 100_000;
const LINE = Decoration.line({ class: "cm-statement" });

function marks(state: EditorState): DecorationSet {
  const { doc, selection } = state;
  if (doc.length > CHARACTERS_MAX || !selection.main.empty) return Decoration.none;
  const text = doc.toString();
  const found = statementAt(text, selection.main.head);
  if (!found || statementsIn(text).length < 2) return Decoration.none;
  const [first, last] = [doc.lineAt(found.from).number, doc.lineAt(found.from + found.sql.length).number];
  return Decoration.set(Array.from({ length: last - first + 1 }, (_, i) => LINE.range(doc.line(first + i).from)));
}

export const markedStatement: Extension = StateField.define<DecorationSet>({
  create: marks,
  update: (old, { docChanged, selection, state }) => (docChanged || selection ? marks(state) : old),
  provide: (field) => EditorView.decorations.from(field),
});
