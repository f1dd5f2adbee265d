/** The editor of statements: CodeMirror, with the catalog's tables and columns to complete from. */
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { PostgreSQL, sql } from "@codemirror/lang-sql";
import { bracketMatching, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, lintGutter, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, Prec } from "@codemirror/state";
import { EditorView, drawSelection, highlightActiveLine, keymap, lineNumbers, placeholder } from "@codemirror/view";
import { type Ref, useEffect, useImperativeHandle, useRef } from "react";

import { colours, look } from "../editor/look";
import { styleNonce } from "../ui/theme";
import { type Schema, completionOf } from "./completion";
import { markedStatement } from "./markedStatement";
import { type Statement, statementAt, statementsIn } from "./statements";

export interface EditorHandle {
  /** The statements of the selected text; where nothing is selected the one at the cursor. */
  statements(): Statement[];
  insert(text: string): void;
  mark(diagnostic: { from: number; message: string } | null): void;
}

interface EditorProps {
  value: string;
  schema: Schema;
  onChange(value: string): void;
  onRun(): void;
  onRunAll(): void;
  ref: Ref<EditorHandle>;
}

function language(schema: Schema) {
  const tables = Object.fromEntries(schema.map(({ name, columns }) => [name, columns.map((column) => column.name)]));
  return [
    sql({ dialect: PostgreSQL, schema: tables, upperCaseKeywords: true }),
    PostgreSQL.language.data.of({ autocomplete: completionOf(schema) }),
  ];
}

export function Editor({ value, schema, onChange, onRun, onRunAll, ref }: EditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<EditorView | null>(null);
  const schemaPart = useRef(new Compartment());
  const latest = useRef({ onChange, onRun, onRunAll });
  latest.current = { onChange, onRun, onRunAll };

  useEffect(() => {
    if (!host.current) return;
    const run = [
      { key: "Mod-Enter", run: () => (latest.current.onRun(), true) },
      { key: "Shift-Mod-Enter", run: () => (latest.current.onRunAll(), true) },
    ];
    const state = EditorState.create({
      doc: value,
      extensions: [
        EditorView.cspNonce.of(styleNonce()),
        Prec.highest(keymap.of(run)),
        lineNumbers(),
        history(),
        drawSelection(),
        indentOnInput(),
        bracketMatching(),
        closeBrackets(),
        autocompletion(),
        highlightActiveLine(),
        markedStatement,
        highlightSelectionMatches(),
        lintGutter(),
        syntaxHighlighting(colours),
        look,
        placeholder("SELECT …"),
        EditorView.contentAttributes.of({ "aria-label": "SQL statement" }),
        EditorView.lineWrapping,
        schemaPart.current.of(language(schema)),
        // Tab leaves the editor unless something is being completed or text is selected for indenting.
        keymap.of([...closeBracketsKeymap, ...completionKeymap, ...defaultKeymap, ...historyKeymap, ...searchKeymap]),
        keymap.of([
          {
            ...indentWithTab,
            run: (view) => (view.state.selection.main.empty ? false : (indentWithTab.run?.(view) ?? false)),
          },
        ]),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) latest.current.onChange(update.state.doc.toString());
        }),
      ],
    });
    const made = new EditorView({ state, parent: host.current });
    editor.current = made;
    return () => made.destroy();
    // The editor keeps its own text; another tab is another editor.
  }, []);

  useEffect(() => {
    editor.current?.dispatch({ effects: schemaPart.current.reconfigure(language(schema)) });
  }, [schema]);

  useImperativeHandle(ref, () => ({
    statements: () => {
      const view = editor.current;
      if (!view) return [];
      const { from, to, empty } = view.state.selection.main;
      if (!empty)
        return statementsIn(view.state.sliceDoc(from, to)).map((each) => ({ ...each, from: from + each.from }));
      const found = statementAt(view.state.doc.toString(), from);
      return found ? [found] : [];
    },
    insert: (text) => {
      const view = editor.current;
      view?.dispatch(view.state.replaceSelection(text));
      view?.focus();
    },
    mark: (diagnostic) => {
      const view = editor.current;
      if (!view) return;
      const found: Diagnostic[] = [];
      if (diagnostic) {
        const from = Math.min(diagnostic.from, view.state.doc.length);
        const word = view.state.wordAt(from);
        found.push({
          from,
          to: word?.to ?? Math.min(from + 1, view.state.doc.length),
          severity: "error",
          message: diagnostic.message,
        });
      }
      view.dispatch(setDiagnostics(view.state, found));
    },
  }));
  return <div ref={host} className="editor" />;
}
