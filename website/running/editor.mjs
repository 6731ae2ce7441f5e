// The editor, bundled when the site is built and loaded at a reader's first edit.
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { pythonLanguage } from "@codemirror/lang-python";
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { EditorState, Prec } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { tags } from "@lezer/highlight";

// Colours come from the page's palette, which follows light and dark.
const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: "var(--fig-forward)", fontWeight: "600" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--fig-numerical)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--fig-gradient)" },
  { tag: tags.comment, color: "var(--fig-muted)", fontStyle: "italic" },
]);

const look = EditorView.theme({
  "&": { color: "inherit", backgroundColor: "transparent" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "inherit", lineHeight: "inherit", overflowX: "auto" },
  ".cm-content": { caretColor: "currentColor", padding: "0" },
  ".cm-line": { padding: "0" },
  ".cm-cursor": { borderLeftColor: "currentColor" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "transparent", outline: "1px solid currentColor" },
});

/**
 * Put an editor into a shadow root, where its style sheets are allowed by any Content-Security-Policy.
 *
 * @param {ShadowRoot} root
 * @param {{ text: string, label: string, onChange: (text: string) => void, onRun: () => void }} options
 */
export const createEditor = (root, { text, label, onChange, onRun }) => {
  const run = () => {
    onRun();
    return true;
  };
  return new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: text,
      extensions: [
        Prec.highest(keymap.of([{ key: "Shift-Enter", run }, { key: "Mod-Enter", run }])),
        history(),
        indentOnInput(),
        bracketMatching(),
        indentUnit.of("    "),
        pythonLanguage,
        syntaxHighlighting(colours),
        look,
        keymap.of([...defaultKeymap, ...historyKeymap, indentWithTab]),
        EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false" }),
        EditorView.updateListener.of((update) => update.docChanged && onChange(update.state.doc.toString())),
      ],
    }),
  });
};
