"use strict";

const element = (id) => document.getElementById(id);

async function ask(query, variables) {
  const response = await fetch("/api/graphql", {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  return response.json();
}

async function run() {
  const answer = element("answer");
  let variables;
  try {
    variables = JSON.parse(element("variables").value || "{}");
  } catch (problem) {
    answer.textContent = `The variables are no JSON: ${problem.message}`;
    return;
  }
  answer.textContent = "…";
  try {
    answer.textContent = JSON.stringify(await ask(element("query").value, variables), null, 2);
  } catch (problem) {
    answer.textContent = `The server cannot be reached: ${problem.message}`;
  }
}

const typeName = (type) => {
  if (type.kind === "NON_NULL") return `${typeName(type.ofType)}!`;
  if (type.kind === "LIST") return `[${typeName(type.ofType)}]`;
  return type.name;
};

const signature = (field) => {
  const args = (field.args ?? []).map((arg) => `${arg.name}: ${typeName(arg.type)}`).join(", ");
  return `${field.name}${args ? `(${args})` : ""}: ${typeName(field.type)}`;
};

function line(tag, text, title) {
  const node = document.createElement(tag);
  node.textContent = text;
  if (title) node.title = title;
  return node;
}

function showSchema(types, wanted) {
  const nodes = [];
  for (const type of types) {
    const fields = type.fields ?? type.inputFields ?? [];
    const matching = fields.filter((field) => `${type.name}.${field.name}`.toLowerCase().includes(wanted));
    if (matching.length === 0) continue;
    nodes.push(line("h2", type.name), line("p", type.description ?? ""));
    for (const field of matching) nodes.push(line("code", signature(field), field.description));
  }
  element("schema").replaceChildren(...nodes);
}

const typeReference = "kind name ofType { kind name ofType { kind name ofType { kind name } } }";

async function start() {
  element("run").addEventListener("click", run);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) run();
  });
  const known = await ask(`{
    me { name }
    __schema { types {
      name description
      fields { name description args { name type { ${typeReference} } } type { ${typeReference} } }
      inputFields { name description type { ${typeReference} } }
    } }
  }`);
  if (!known.data) return;
  element("user").textContent = known.data.me.name;
  const types = known.data.__schema.types.filter((type) => !type.name.startsWith("__"));
  element("search").addEventListener("input", (event) => showSchema(types, event.target.value.toLowerCase()));
  showSchema(types, "");
}

start();
