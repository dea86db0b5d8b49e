/** Deeper nesting than any writer means: readers of markdown need time that grows with its square. */
const DEEP = [
  /^[ \t]*(?:>[ \t]*){24,}/m,
  /^[ \t]*(?:[-*+][ \t]+){24,}/m,
  /[[\]]{200,}/,
  /(?:!?\[[^\]\n]{0,8}){100,}/,
  /[*_]{200,}/,
];

/** Whether a text nests so deep that it is shown as it is. */
export const isTooDeep = (text: string): boolean => DEEP.some((pattern) => pattern.test(text));
