/** What is no part of a document's grammar, or may hold anything: comments and texts. */
const OPAQUE = /#[^\n]*|"""(?:\\"""|[^])*?"""|"(?:\\.|[^"\\\n])*"/g;
/** An operation, after what else may stand outside of all brackets: a directive, a fragment. */
const OUTERMOST = /@\w+|\bfragment\s+\w+(?:\s+on\s+\w+)?|\b(query|mutation|subscription)\b\s*(\w+)?/g;

/** The operations of a document: of which kind they are, their names and where they begin. A field, an argument and a type may be called like a kind, but stand within brackets. */
export function operations(document) {
  let depth = 0;
  const outside = (character) => {
    if ("{([".includes(character)) depth += 1;
    else if ("})]".includes(character)) depth -= 1;
    else if (depth <= 0) return character;
    return " ";
  };
  const text = document.replace(OPAQUE, (opaque) => " ".repeat(opaque.length)).split("").map(outside).join("");
  return [...text.matchAll(OUTERMOST)].filter((found) => found[1]).map((found) => ({ kind: found[1], name: found[2] ?? null, begins: found.index }));
}
