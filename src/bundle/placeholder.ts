// Signs that a file is a template that nobody has rendered.

/** `${HOST}` and `$HOST` of envsubst and shells, `{{ .Values.host }}` of Helm, Jinja and Mustache. */
const placeholder = /\$\{[^{}]*\}|\$[A-Za-z_]\w*|\{\{[^{}]*\}\}/;

export const placeholderIn = (text: string): string | undefined => placeholder.exec(text)?.[0];

/** What to do about a placeholder that was left in. */
export const renderFirst = (left: string): string =>
  `\`${left}\` was never filled in: the file is a template, which has to be rendered first. Do that in a step before this one (with envsubst, say), or make a chart or a kustomization of it.`;
