/** A line that begins or ends code in an answer, with its language. */
const fenceLine = /^\s*```\s*([\w+#.-]*)\s*$/;

/** The language that a fence names, `''` when it names none, and `undefined` for any other line. */
export function fenceOf(line: string): string | undefined {
  return fenceLine.exec(line)?.[1];
}
