// Shows openapi.json as a readable page. All its content becomes text, never markup.

const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

/** Returns a schema's name, for the column "type". */
function typeOf(schema = {}) {
  if (schema.$ref) return schema.$ref.split("/").pop();
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices) return choices.map(typeOf).filter((type) => type !== "null").join(" or ");
  const type = [schema.type ?? "any"].flat().filter((name) => name !== "null").join(" or ");
  if (type === "array") return `${typeOf(schema.items)}[]`;
  return schema.enum ? schema.enum.join(" | ") : type;
}

/** Makes a table of names, types and descriptions. `call` distinguishes it from other tables with the same caption. */
function table(caption, rows, call) {
  const row = ([name, type, text]) =>
    make("tr", {}, make("th", { scope: "row" }, make("code", {}, name)), make("td", {}, type), make("td", {}, text));
  const body = make("tbody", {}, ...rows.map(row));
  const scroll = make("div", { className: "scroll", tabIndex: 0 }, make("table", {}, body));
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", `${caption} of ${call}`);
  return [make("h3", {}, caption), scroll];
}

/** Makes tables of the fields of an object: one table per schema, each schema once. */
function schemas(schema, all, call, seen = new Set()) {
  if (!schema) return [];
  if (schema.$ref) {
    const name = schema.$ref.split("/").pop();
    if (seen.has(name)) return [];
    seen.add(name);
    const found = all[name] ?? {};
    const fields = Object.entries(found.properties ?? {});
    const own = fields.length
      ? table(name, fields.map(([key, field]) => [key, typeOf(field), field.description ?? ""]), call)
      : [];
    return [...own, ...fields.flatMap(([, field]) => schemas(field, all, call, seen)),
      ...(found.oneOf ?? []).flatMap((choice) => schemas(choice, all, call, seen))];
  }
  const inner = [schema.items, ...(schema.oneOf ?? []), ...(schema.anyOf ?? [])].filter(Boolean);
  return inner.flatMap((part) => schemas(part, all, call, seen));
}

function call(path, method, operation, all) {
  const name = `${method.toUpperCase()} ${path}`;
  const parts = [make("h2", {}, make("span", { className: "method" }, method.toUpperCase()), path)];
  parts.push(make("p", {}, operation.summary ?? ""), make("p", {}, operation.description ?? ""));
  const parameters = operation.parameters ?? [];
  if (parameters.length) {
    const rows = parameters.map((p) =>
      [p.required ? `${p.name} *` : p.name, typeOf(p.schema), p.description ?? ""]);
    parts.push(...table("Parameters", rows, name));
  }
  const body = Object.values(operation.requestBody?.content ?? {})[0]?.schema;
  if (body) parts.push(make("details", {}, make("summary", {}, "Body"), ...schemas(body, all, `the body of ${name}`)));
  const responses = Object.entries(operation.responses ?? {});
  const kind = (response) => typeOf(Object.values(response.content ?? {})[0]?.schema ?? { type: "nothing" });
  parts.push(...table("Answers", responses.map(([status, r]) => [status, kind(r), r.description ?? ""]), name));
  const good = Object.values(responses[0]?.[1]?.content ?? {})[0]?.schema;
  const fields = schemas(good, all, `the answer of ${name}`);
  if (fields.length) parts.push(make("details", {}, make("summary", {}, "Fields of the answer"), ...fields));
  return make("section", { id: `${method}${path.replaceAll("/", "-")}` }, ...parts);
}

async function show() {
  const about = document.getElementById("about");
  try {
    const response = await fetch("openapi.json");
    if (!response.ok) throw new Error(`status ${response.status}`);
    const description = await response.json();
    about.textContent = `${description.info.description} Version ${description.info.version}.`;
    const calls = Object.entries(description.paths).flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, operation]) =>
        [method, path, call(path, method, operation, description.components.schemas)]));
    document.getElementById("calls").append(...calls.map(([, , section]) => section));
    const link = ([method, path, section]) =>
      make("li", {}, make("a", { href: `#${section.id}` }, `${method.toUpperCase()} ${path}`));
    document.getElementById("contents").append(make("ul", {}, ...calls.map(link)));
  } catch (error) {
    about.textContent = `The description could not be read: ${error.message}.`;
  }
}

show();
