/**
 * Hides the editor of JSON: CodeMirror, loaded when it is shown. It stands in a shadow root, where its style sheets are
 * adopted rather than written into the page, which the page's policy forbids.
 */
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { json } from '@codemirror/lang-json';
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from '@codemirror/language';
import { linter, type Diagnostic } from '@codemirror/lint';
import { EditorState } from '@codemirror/state';
import { EditorView, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { typedJson } from '../typedJson';

const theme = EditorView.theme({
  '&': { color: 'var(--ink)', backgroundColor: 'transparent', fontSize: 'var(--size, 12.5px)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '19px', fontVariantLigatures: 'none', maxHeight: '320px', minHeight: '118px', overflow: 'auto' },
  '.cm-content': { padding: '8px 0', caretColor: 'var(--ink)' },
  '.cm-line': { padding: '0 11px 0 6px' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '.cm-gutters': { color: 'var(--ink3)', backgroundColor: 'transparent', border: 'none', paddingLeft: '4px' },
  '.cm-lineNumbers .cm-gutterElement': { minWidth: '20px', padding: '0 4px 0 4px' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'var(--selection)' },
  '.cm-content ::selection': { backgroundColor: 'var(--selection)' },
  '&.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--tint)', outline: 'none' },
  '.cm-diagnostic': { padding: '6px 10px', borderLeft: 'none', color: 'var(--bad)', fontFamily: 'var(--sans)', fontSize: '12.5px' },
  '.cm-tooltip': { border: '1px solid var(--line)', borderRadius: '8px', backgroundColor: 'var(--raised)', boxShadow: 'var(--shadow-3)' },
  '.cm-lintRange-error': { backgroundImage: 'none', textDecoration: 'underline wavy var(--bad)', textUnderlineOffset: '3px' },
  '.cm-lintPoint-error:after': { borderBottomColor: 'var(--bad)' },
});

const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: 'var(--accent-ink)' },
  { tag: tags.string, color: 'var(--ok)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--num)' },
  { tag: [tags.separator, tags.squareBracket, tags.brace], color: 'var(--ink3)' },
]);

function faults(view: EditorView): Diagnostic[] {
  const text = view.state.doc.toString();
  const found = typedJson(text);
  if (found.kind !== 'wrong') return [];
  const from = Math.min(found.at, text.length);
  return [{ from, to: Math.min(text.length, from + 1), severity: 'error', message: found.text }];
}

/** Typing over a selection: left to the browser it would keep the old colour as an inline style, which the policy refuses. */
const typedOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    if (event.inputType !== 'insertText' || event.data === null || view.composing || view.state.selection.main.empty) return false;
    event.preventDefault();
    view.dispatch(view.state.replaceSelection(event.data), { userEvent: 'input.type', scrollIntoView: true });
    return true;
  },
});

export interface Editor {
  set: (text: string) => void;
  /** From there to there is selected, where that is said. */
  focus: (from?: number, to?: number) => void;
  stop: () => void;
}

export function edit(host: HTMLElement, given: { text: string; label: string; changed: (text: string) => void; submit?: () => void }): Editor {
  const root = host.shadowRoot ?? host.attachShadow({ mode: 'open', delegatesFocus: true });
  const parent = document.createElement('div');
  root.replaceChildren(parent);
  const submit = { key: 'Mod-Enter', run: () => (given.submit?.(), true) };
  const view = new EditorView({
    root,
    parent,
    state: EditorState.create({
      doc: given.text,
      extensions: [
        lineNumbers(), history(), indentOnInput(), bracketMatching(), json(), theme, typedOver, syntaxHighlighting(colours), linter(faults, { delay: 250 }),
        EditorView.lineWrapping, EditorState.tabSize.of(2), keymap.of([submit, ...defaultKeymap, ...historyKeymap]),
        EditorView.contentAttributes.of({ tabindex: '0', 'aria-label': given.label, spellcheck: 'false' }),
        EditorView.updateListener.of((update) => update.docChanged && given.changed(update.state.doc.toString())),
      ],
    }),
  });
  return {
    set: (text) => text !== view.state.doc.toString() && view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }),
    focus(from, to) {
      if (from !== undefined) view.dispatch({ selection: { anchor: from, head: to ?? from } });
      view.focus();
    },
    stop: () => view.destroy(),
  };
}
