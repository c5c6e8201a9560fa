// A text field that shows its text in colours: the colours lie under it, in the same place.

const GRAPHQL = [
  ["note", /#[^\n\r]*/y],
  ["text", /"""(?:\\"""|[^])*?(?:"""|$)|"(?:\\.|[^"\\\n])*"?/y],
  ["variable", /\$[A-Za-z_]\w*/y],
  ["kind", /@[A-Za-z_]\w*/y],
  ["word", /\b(?:query|mutation|subscription|fragment|on|true|false|null)\b/y],
  ["number", /-?\d[\d.eE+-]*/y],
  ["kind", /[A-Z]\w*/y],
  ["name", /[a-z_]\w*(?=\s*:)/y],
  ["", /\w+/y],
];
const JSON_TEXT = [
  ["name", /"(?:\\.|[^"\\\n])*"(?=\s*:)/y],
  ["text", /"(?:\\.|[^"\\\n])*"?/y],
  ["number", /-?\d[\d.eE+-]*/y],
  ["word", /\b(?:true|false|null)\b/y],
];
const LANGUAGES = { graphql: GRAPHQL, json: JSON_TEXT };

/** The text as spans, one for each word that has a colour. */
export function coloured(text, language) {
  const out = document.createDocumentFragment();
  const rules = LANGUAGES[language];
  let plain = "";
  for (let place = 0; place < text.length; ) {
    let found = null;
    for (const [kind, rule] of rules) {
      rule.lastIndex = place;
      const match = rule.exec(text);
      if (match && match[0]) { found = [kind, match[0]]; break; }
    }
    const [kind, word] = found ?? ["", text[place]];
    if (kind) {
      out.append(plain);
      plain = "";
      const span = document.createElement("span");
      span.className = kind;
      span.textContent = word;
      out.append(span);
    } else plain += word;
    place += word.length;
  }
  out.append(plain);
  return out;
}

/** Whether a key belongs to an input method, as that of Chinese: some browsers tell it by the code alone. */
export const isComposing = (event) => event.isComposing || event.keyCode === 229;

/** Gives a text field its colours, and the keys that a writer of questions expects. */
export function editor(field) {
  const under = field.previousElementSibling;
  const language = field.parentElement.dataset.language;
  const paint = () => {
    under.replaceChildren(coloured(field.value, language), "\n");
    under.scrollTop = field.scrollTop;
    under.scrollLeft = field.scrollLeft;
  };
  field.addEventListener("input", paint);
  field.addEventListener("scroll", () => { under.scrollTop = field.scrollTop; under.scrollLeft = field.scrollLeft; });
  field.addEventListener("keydown", (event) => {
    if (isComposing(event)) return;
    const { selectionStart: start, selectionEnd: end, value } = field;
    const put = (text, from, to) => { field.setRangeText(text, from, to, "end"); field.dispatchEvent(new Event("input")); };
    if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
      const indent = /^ */.exec(value.slice(value.lastIndexOf("\n", start - 1) + 1, start))[0];
      const opened = "{([".includes(value[start - 1] ?? " ");
      const closes = opened && "})]".includes(value[end] ?? " ");
      event.preventDefault();
      put("\n" + indent + (opened ? "  " : "") + (closes ? "\n" + indent : ""), start, end);
      if (closes) field.setSelectionRange(start + indent.length + 3, start + indent.length + 3);
    } else if ("{([".includes(event.key) && event.key.length === 1 && start === end && /^[\s})\]]?$/.test(value[end] ?? "")) {
      event.preventDefault();
      put(event.key + { "{": "}", "(": ")", "[": "]" }[event.key], start, end);
      field.setSelectionRange(start + 1, start + 1);
    } else if ("})]".includes(event.key) && event.key.length === 1 && value[start] === event.key && start === end) {
      event.preventDefault();
      field.setSelectionRange(start + 1, start + 1);
    }
  });
  return { get value() { return field.value; }, set value(text) { field.value = text; paint(); }, field };
}

/** A question with one field a line, indented by its depth. */
export function tidy(text) {
  const tokens = text.match(/#[^\n\r]*|"""(?:\\"""|[^])*?"""|"(?:\\.|[^"\\\n])*"|\.\.\.|[$@]?\w+|-?\d[\w.+-]*|[^\s,]/g) ?? [];
  let out = "", depth = 0, round = 0;
  const line = () => { out = out.trimEnd() + "\n" + "  ".repeat(depth); };
  tokens.forEach((token, place) => {
    const before = tokens[place - 1] ?? "", next = tokens[place + 1] ?? "";
    if (token[0] === "#") { if (out.trim()) line(); out += token; line(); return; }
    if (token === "{" && !round) { out = out.trimEnd() + (out.trim() ? " {" : "{"); depth += 1; line(); return; }
    if (token === "}" && !round) { depth -= 1; line(); out += "}"; if (depth === 0 && next) out += "\n\n"; else line(); return; }
    if ("([{".includes(token)) { round += 1; out += token === "{" ? "{ " : token; return; }
    if (")]}".includes(token)) { round -= 1; out = out.trimEnd() + (token === "}" ? " }" : token) + (round ? "" : " "); return; }
    if (token === ":") { out = out.trimEnd() + ": "; return; }
    if (token === "!") { out = out.trimEnd() + "! "; return; }
    const isWord = /[\w$@."]/.test(token[0]);
    if (round && isWord && /[\w"\]}!]$/.test(before)) out = out.trimEnd() + ", ";
    else if (!round && depth && isWord && /[\w"})]/.test(before.at(-1) ?? "") && before !== "on" && token !== "on" && token[0] !== "@" && before !== "...") line();
    out += token + (round ? "" : token === "..." ? (next === "on" ? " " : "") : " ");
    if (round && (token === "=" || next === "=" )) out += " ";
  });
  return out.replace(/ +$/gm, "").replace(/ +\(/g, "(").trim() + "\n";
}
