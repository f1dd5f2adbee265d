/** An editor of YAML: what is wrong is marked where it is, and names that are known are completed. */
import { type CompletionContext, autocompletion, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, lintGutter, setDiagnostics } from "@codemirror/lint";
import { searchKeymap } from "@codemirror/search";
import { EditorState, Prec, type Text } from "@codemirror/state";
import { EditorView, drawSelection, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { type Ref, useEffect, useImperativeHandle, useRef } from "react";

import { styleNonce } from "../ui/theme";
import { colours, look } from "./look";

export interface Mark {
  /** Both from 1; columns count code points. */
  line: number;
  column: number;
  message: string;
  severity: "error" | "warning";
}

export interface Word {
  label: string;
  /** What it is: "key", "column", … */
  detail: string;
}

export interface YamlEditorHandle {
  goTo(line: number, column: number): void;
}

interface YamlEditorProps {
  /** What it begins with. */
  value: string;
  label: string;
  marks: readonly Mark[];
  words: readonly Word[];
  onChange(value: string): void;
  onSave(): void;
  ref?: Ref<YamlEditorHandle>;
}

/** Where a line and a column are in the text; the end of the text where it has become shorter. */
export function positionOf(text: Text, line: number, column: number): number {
  if (line > text.lines) return text.length;
  const { from, to, text: content } = text.line(Math.max(1, line));
  // A character beyond the first 65,536 is two units of a text here.
  const units = [...content].slice(0, column - 1).join("").length;
  return Math.min(to, from + units);
}

function diagnosticsOf(text: Text, marks: readonly Mark[]): Diagnostic[] {
  const found = marks.map(({ line, column, message, severity }) => {
    const from = positionOf(text, line, column);
    const rest = /^[^\s,{}[\]:]*/.exec(text.sliceString(from, from + 80))?.[0] ?? "";
    return { from, to: Math.max(from, Math.min(text.length, from + Math.max(1, rest.length))), severity, message };
  });
  return found.sort((a, b) => a.from - b.from);
}

export function YamlEditor({ value, label, marks, words, onChange, onSave, ref }: YamlEditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<EditorView | null>(null);
  const latest = useRef({ onChange, onSave, words });
  latest.current = { onChange, onSave, words };
  useEffect(() => {
    if (!host.current) return;
    const complete = (context: CompletionContext) => {
      const word = context.matchBefore(/[\w-]+/);
      if (!word && !context.explicit) return null;
      const options = latest.current.words.map(({ label, detail }) => ({ label, detail }));
      return { from: word?.from ?? context.pos, options, validFor: /^[\w-]*$/ };
    };
    const save = { key: "Mod-s", preventDefault: true, run: () => (latest.current.onSave(), true) };
    const made = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: value,
        extensions: [
          EditorView.cspNonce.of(styleNonce()),
          Prec.highest(keymap.of([save])),
          lineNumbers(),
          history(),
          drawSelection(),
          indentOnInput(),
          bracketMatching(),
          autocompletion({ override: [complete] }),
          highlightActiveLine(),
          lintGutter(),
          yaml(),
          syntaxHighlighting(colours),
          look,
          // With a place in the order of Tab: it scrolls.
          EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
          EditorView.lineWrapping,
          keymap.of([...completionKeymap, ...defaultKeymap, ...historyKeymap, ...searchKeymap]),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) latest.current.onChange(update.state.doc.toString());
          }),
        ],
      }),
    });
    editor.current = made;
    return () => made.destroy();
    // The editor keeps its own text; another file is another editor.
  }, []);
  useEffect(() => {
    const view = editor.current;
    if (view) view.dispatch(setDiagnostics(view.state, diagnosticsOf(view.state.doc, marks)));
  }, [marks]);
  useImperativeHandle(ref, () => ({
    goTo: (line, column) => {
      const view = editor.current;
      if (!view) return;
      view.dispatch({ selection: { anchor: positionOf(view.state.doc, line, column) }, scrollIntoView: true });
      view.focus();
    },
  }));
  return <div ref={host} className="editor" />;
}
