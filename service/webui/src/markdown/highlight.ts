/**
 * Code and the name of its language in; a tree of text and scopes out.
 *
 * The tree is highlight.js's own, which has no public name for it (`_emitter`): its public result is
 * HTML, and the page never parses HTML that a model had a part in. The version is pinned and a test
 * fails when the tree changes.
 */

import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import c from "highlight.js/lib/languages/c";
import cpp from "highlight.js/lib/languages/cpp";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import go from "highlight.js/lib/languages/go";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import markdown from "highlight.js/lib/languages/markdown";
import python from "highlight.js/lib/languages/python";
import rust from "highlight.js/lib/languages/rust";
import sql from "highlight.js/lib/languages/sql";
import swift from "highlight.js/lib/languages/swift";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";

const LANGUAGES = {
  bash,
  c,
  cpp,
  css,
  diff,
  go,
  java,
  javascript,
  json,
  markdown,
  python,
  rust,
  sql,
  swift,
  typescript,
  xml,
  yaml,
};

/** Longer code stays plain: highlighting it would stop the page for a moment that one notices. */
const MAX_LENGTH = 60_000;

for (const [name, language] of Object.entries(LANGUAGES)) hljs.registerLanguage(name, language);

export type Scoped = string | { scope?: string; children: Scoped[] };

/** The pieces of *code*; the code itself as one piece when the language is not known. */
export function highlight(code: string, language: string): Scoped[] {
  if (code.length > MAX_LENGTH || !hljs.getLanguage(language)) return [code];
  const result = hljs.highlight(code, { language, ignoreIllegals: true });
  return (result._emitter as unknown as { rootNode: { children: Scoped[] } }).rootNode.children;
}

/** The CSS classes of a scope: `title.function` is `hljs-title function_`. */
export function classesOf(scope: string): string {
  const [first, ...rest] = scope.split(".");
  if (scope.startsWith("language:")) return scope.replace(":", "-");
  return [`hljs-${first}`, ...rest.map((part, index) => part + "_".repeat(index + 1))].join(" ");
}
