// The schema beside the question: read by introspection, searched in either language.

const INTROSPECTION = `query Introspection {
  __schema {
    queryType { name } mutationType { name } subscriptionType { name }
    types { kind name description specifiedByURL
      fields(includeDeprecated: true) { name description isDeprecated deprecationReason args { ...input } type { ...ref } }
      inputFields { ...input }
      enumValues(includeDeprecated: true) { name description }
      interfaces { name } possibleTypes { name } } } }
fragment input on __InputValue { name description defaultValue type { ...ref } }
fragment ref on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }`;

const ROOTS = { queryType: "query", mutationType: "mutation", subscriptionType: "subscription" };
const MOST_HITS = 80;

const written = (type) => type.kind === "NON_NULL" ? written(type.ofType) + "!" : type.kind === "LIST" ? `[${written(type.ofType)}]` : type.name;
const named = (type) => type.ofType ? named(type.ofType) : type.name;

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** The browser in these elements. `insert` takes a question that a field was turned into. */
export function browser({ list, trail, search, ask, insert }) {
  let schema = null, types = new Map(), path = [];

  async function load() {
    const answer = await ask({ query: INTROSPECTION });
    schema = answer.data.__schema;
    types = new Map(schema.types.map((type) => [type.name, type]));
    path = [];
    show();
  }

  function show() {
    if (!schema) return;
    const wanted = search.value.trim().toLowerCase();
    trail.replaceChildren(
      element("button", { textContent: "Roots 根", onclick: () => go([]) }),
      ...path.map((name, place) => element("button", { textContent: name, onclick: () => go(path.slice(0, place + 1)) })));
    list.replaceChildren(...(wanted ? hits(wanted) : path.length ? ofType(types.get(path.at(-1))) : roots()));
    list.scrollTop = 0;
  }

  function go(next) { path = next; search.value = ""; show(); }

  function roots() {
    return Object.entries(ROOTS).filter(([root]) => schema[root])
      .flatMap(([root, word]) => [element("h3", { textContent: word }), ...types.get(schema[root].name).fields.map((field) => item(field, { root: word }))]);
  }

  function ofType(type) {
    const parts = [element("h3", { textContent: type.name }), element("p", { textContent: type.description ?? "" })];
    const related = [["implements", type.interfaces], ["one of", type.possibleTypes]];
    for (const [label, others] of related) if (others?.length) {
      const links = others.flatMap((other) => [" ", link(other.name)]);
      parts.push(element("div", { className: "item" }, element("code", {}, label, ...links)));
    }
    const root = Object.keys(ROOTS).find((name) => schema[name]?.name === type.name);
    const fields = (type.fields ?? type.inputFields ?? []).map((field) => item(field, { root: root && ROOTS[root] }));
    const values = (type.enumValues ?? []).map((value) => item(value, {}));
    return [...parts, ...fields, ...values];
  }

  function link(name) { return element("button", { textContent: name, onclick: () => go([...path.filter((step) => step !== name), name]) }); }

  function shownType(type) {
    const [before, after] = written(type).split(named(type));
    return [before, link(named(type)), after];
  }

  function item(field, { root, owner, wanted }) {
    const code = element("code");
    if (owner) code.append(link(owner), ".");
    code.append(marked(field.name, wanted, "name"));
    if (field.args?.length) {
      code.append("(");
      field.args.forEach((arg, place) => code.append(place ? ", " : "", arg.name, ": ", ...shownType(arg.type)));
      code.append(")");
    }
    if (field.type) code.append(": ", ...shownType(field.type));
    const made = element("div", { className: "item" });
    if (root) made.append(element("button", { className: "insert", textContent: "ask 提问", onclick: () => insert(question(field, root)) }));
    made.append(code);
    if (field.description) made.append(element("p", {}, marked(field.description, wanted)));
    if (field.isDeprecated) made.append(element("p", { textContent: `deprecated: ${field.deprecationReason ?? ""}` }));
    return made;
  }

  function marked(text, wanted, className = "") {
    const at = wanted ? text.toLowerCase().indexOf(wanted) : -1;
    const span = element("span", { className });
    if (at < 0) span.append(text);
    else span.append(text.slice(0, at), element("mark", { textContent: text.slice(at, at + wanted.length) }), text.slice(at + wanted.length));
    return span;
  }

  function hits(wanted) {
    const has = (thing) => thing.name.toLowerCase().includes(wanted) || (thing.description ?? "").toLowerCase().includes(wanted);
    const found = [];
    for (const type of types.values()) {
      if (type.name.startsWith("__")) continue;
      if (has(type)) found.push([type.name.toLowerCase() === wanted ? 0 : 2, element("div", { className: "item" },
        element("code", {}, link(type.name)), element("p", {}, marked(type.description ?? "", wanted)))]);
      const root = Object.keys(ROOTS).find((name) => schema[name]?.name === type.name);
      for (const field of [...(type.fields ?? []), ...(type.inputFields ?? []), ...(type.enumValues ?? [])]) {
        if (has(field)) found.push([root ? 1 : field.name.toLowerCase().includes(wanted) ? 3 : 4, item(field, { owner: type.name, root: root && ROOTS[root], wanted })]);
        if (found.length > 400) break;
      }
    }
    found.sort((one, other) => one[0] - other[0]);
    if (!found.length) return [element("p", { textContent: "Nothing of that name or meaning. 没有找到。" })];
    return found.slice(0, MOST_HITS).map(([, made]) => made);
  }

  /** A question that asks for the field and for what it holds at its first level. */
  function question(field, root) {
    const wanted = field.args.filter((arg) => arg.type.kind === "NON_NULL" && arg.defaultValue === null || arg.name === "first");
    const first = (arg) => arg.name === "first";
    const declared = wanted.filter((arg) => !first(arg)).map((arg) => `$${arg.name}: ${written(arg.type)}`);
    const given = wanted.map((arg) => first(arg) ? "first: 10" : `${arg.name}: $${arg.name}`);
    const name = field.name[0].toUpperCase() + field.name.slice(1);
    const head = `${root} ${name}${declared.length ? `(${declared.join(", ")})` : ""}`;
    const call = `${field.name}${given.length ? `(${given.join(", ")})` : ""}`;
    const variables = Object.fromEntries(wanted.filter((arg) => !first(arg)).map((arg) => [arg.name, sample(arg.type)]));
    return { query: `${head} {\n  ${call}${selection(types.get(named(field.type)), 1)}\n}\n`, variables };
  }

  function selection(type, depth) {
    if (!type?.fields) return type?.possibleTypes ? " { __typename }" : "";
    const pad = "  ".repeat(depth + 1);
    const needs = (field) => field.args.some((arg) => arg.type.kind === "NON_NULL");
    const leaf = (field) => !types.get(named(field.type))?.fields && !types.get(named(field.type))?.possibleTypes && !field.isDeprecated && !needs(field);
    const lines = type.fields.filter(leaf).slice(0, 12).map((field) => pad + field.name);
    for (const name of ["nodes", "case", "receipt", "userErrors"]) {
      const field = type.fields.find((field) => field.name === name && !leaf(field));
      if (field && depth < 3) lines.push(pad + field.name + selection(types.get(named(field.type)), depth + 1));
    }
    return ` {\n${(lines.length ? lines : [pad + "__typename"]).join("\n")}\n${"  ".repeat(depth)}}`;
  }

  function sample(type, depth = 0) {
    const plain = type.kind === "NON_NULL" ? type.ofType : type;
    if (plain.kind === "LIST") return [];
    const of = types.get(plain.name);
    if (of?.inputFields && depth < 3) return Object.fromEntries(of.inputFields
      .filter((field) => field.type.kind === "NON_NULL" && field.defaultValue === null).map((field) => [field.name, sample(field.type, depth + 1)]));
    if (of?.enumValues) return of.enumValues[0].name;
    return { Int: 0, Float: 0, Boolean: false }[plain.name] ?? "";
  }

  search.addEventListener("input", show);
  search.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { search.value = ""; show(); }
    if (event.key === "ArrowDown") list.querySelector("button")?.focus();
  });
  return { load };
}
