import { coloured, editor, isComposing, tidy } from "/graphiql/editor.js";
import { operations } from "/graphiql/operations.js";
import { browser } from "/graphiql/schema.js";

const at = (id) => document.getElementById(id);
const ENDPOINT = "/graphql";
const KEPT = { token: "etalon.token", query: "etalon.query", variables: "etalon.variables", history: "etalon.history" };
const LONGEST_HISTORY = 30, MOST_SHOWN = 200, FORGET = "forget";

const query = editor(at("query")), variables = editor(at("variables"));
let running = null, examples = [];

/** A request with the token. An expired or missing one is told in words. */
function send(body, { signal, accept = "application/graphql-response+json, application/json;q=0.9" } = {}) {
  const headers = { "content-type": "application/json", accept };
  const token = at("token").value.trim();
  if (token) headers.authorization = `Bearer ${token}`;
  return fetch(ENDPOINT, { method: "POST", headers, body: JSON.stringify(body), signal, credentials: "omit", cache: "no-store" });
}
const ask = async (body) => (await send(body)).json();

function answered(value, language = "json") { at("answer").replaceChildren(coloured(typeof value === "string" ? value : JSON.stringify(value, null, 2), language)); }
function told(text, isBad = false) { at("status").textContent = text; at("status").className = isBad ? "bad" : ""; }

async function run() {
  if (running) { running.abort(); return; }
  let given;
  try { given = variables.value.trim() ? JSON.parse(variables.value) : {}; } catch { told("the variables are no JSON 变量不是 JSON", true); at("variables").focus(); return; }
  const body = { query: query.value, variables: given };
  const name = nameAtCaret();
  if (name) body.operationName = name;
  remember();
  running = new AbortController();
  at("run").classList.add("running");
  const began = performance.now();
  told("…");
  try {
    if (isSubscription(name)) await follow(body, running.signal);
    else {
      const response = await send(body, { signal: running.signal });
      const text = await response.text();
      let answer;
      try { answer = JSON.parse(text); } catch { answer = text; }
      answered(answer);
      const cost = answer?.extensions?.cost, errors = answer?.errors?.length ?? 0;
      told([`${response.status}`, `${Math.round(performance.now() - began)} ms`, cost && `cost ${cost.requested} / ${cost.limit}`, errors && `${errors} error${errors > 1 ? "s" : ""}`].filter(Boolean).join(" · "), errors > 0 || !response.ok);
    }
  } catch (error) {
    if (error.name === "AbortError") told("stopped 已停止"); else { told("no answer from the server 服务器没有响应", true); answered(String(error.message)); }
  } finally { running = null; at("run").classList.remove("running"); }
}

/** The operation in which the caret stands, where there is a choice. */
function nameAtCaret() {
  const all = operations(query.value);
  if (all.length < 2) return null;
  const caret = at("query").selectionStart;
  return (all.findLast((operation) => operation.begins <= caret) ?? all[0]).name;
}
const isSubscription = (name) => operations(query.value).some((operation) => operation.kind === "subscription" && (!name || operation.name === name));

/** Follows a subscription over server-sent events, the newest first, until it is stopped. */
async function follow(body, signal) {
  const response = await send(body, { signal, accept: "text/event-stream" });
  if (!response.ok || !response.headers.get("content-type")?.startsWith("text/event-stream")) {
    const text = await response.text();
    try { answered(JSON.parse(text)); } catch { answered(text); }
    told(`${response.status}`, true);
    return;
  }
  const seen = [], reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  answered("");
  let rest = "", count = 0;
  told("following 订阅中 …");
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    const events = (rest + value).split(/\r?\n\r?\n/);
    rest = events.pop();
    for (const event of events) {
      const lines = event.split(/\r?\n/);
      const kind = lines.find((line) => line.startsWith("event:"))?.slice(6).trim();
      const data = lines.filter((line) => line.startsWith("data:")).map((line) => line.slice(5)).join("\n").trim();
      if (kind === "complete") { told(`complete · ${count}`); return; }
      if (kind === "next" && data) { seen.unshift(JSON.stringify(JSON.parse(data), null, 2)); count += 1; }
    }
    seen.length = Math.min(seen.length, MOST_SHOWN);
    answered(seen.join("\n\n"));
    told(`following 订阅中 · ${count}`);
  }
  told(`ended · ${count}`);
}

/** What was asked in this tab. It may hold names and telephone numbers: it goes with the tab, and with the token. */
function history() { try { return JSON.parse(sessionStorage.getItem(KEPT.history)) ?? []; } catch { return []; } }
function forget() { for (const key of [KEPT.query, KEPT.variables, KEPT.history]) sessionStorage.removeItem(key); fillHistory(); }
/** Whoever comes next has another token, and is shown nothing of what was asked with this one. */
function leave() {
  running?.abort();
  forget();
  answered("");
  query.value = examples[0].query;
  variables.value = "";
}
function remember() {
  sessionStorage.setItem(KEPT.query, query.value);
  sessionStorage.setItem(KEPT.variables, variables.value);
  const entry = { query: query.value, variables: variables.value };
  const kept = [entry, ...history().filter((other) => other.query !== entry.query || other.variables !== entry.variables)].slice(0, LONGEST_HISTORY);
  sessionStorage.setItem(KEPT.history, JSON.stringify(kept));
  fillHistory();
}
const title = (text) => (operations(text).find((operation) => operation.name)?.name ?? text.replace(/\s+/g, " ").trim()).slice(0, 60);
function fillHistory() {
  const asked = history();
  fill(at("history"), asked.map((entry) => title(entry.query)));
  if (asked.length) at("history").add(new Option("— forget 清除 —", FORGET));
}
function fill(select, titles) {
  select.length = 1;
  titles.forEach((text, place) => select.add(new Option(text, place)));
}
function put(entry) {
  query.value = entry.query;
  const given = entry.variables ?? "";
  variables.value = typeof given === "string" ? given : Object.keys(given).length ? JSON.stringify(given, null, 2) : "";
  at("query").focus();
}

const schema = browser({ list: at("schema"), trail: at("trail"), search: at("search"), ask, insert: put });

async function enter() {
  const token = at("token").value.trim(), before = sessionStorage.getItem(KEPT.token);
  if (before && before !== token) leave();
  if (!token) { sessionStorage.removeItem(KEPT.token); at("who").textContent = "no token 无令牌"; return; }
  sessionStorage.setItem(KEPT.token, token);
  const answer = await ask({ query: "{ viewer { roles jurisdiction { code name } expiresAt } }" }).catch(() => null);
  const viewer = answer?.data?.viewer;
  at("who").textContent = viewer ? `${viewer.roles.join(", ")} · ${viewer.jurisdiction.name ?? viewer.jurisdiction.code}` : (answer?.errors?.[0]?.message ?? "no answer");
  at("who").title = viewer ? `until ${viewer.expiresAt}` : "";
  if (viewer) await schema.load();
}

at("run").addEventListener("click", run);
at("tidy").addEventListener("click", () => { query.value = tidy(query.value); });
at("token").addEventListener("change", enter);
at("examples").addEventListener("change", (event) => { if (event.target.value) put(examples[event.target.value]); event.target.value = ""; });
at("history").addEventListener("change", (event) => {
  const chosen = event.target.value;
  event.target.value = "";
  if (chosen === FORGET) forget();
  else if (chosen) put(history()[chosen]);
});
document.addEventListener("keydown", (event) => {
  if (isComposing(event)) return;
  const control = event.ctrlKey || event.metaKey;
  if (control && event.key === "Enter") { event.preventDefault(); run(); }
  else if (control && event.key.toLowerCase() === "k") { event.preventDefault(); at("search").focus(); at("search").select(); }
  else if (control && event.shiftKey && event.key.toLowerCase() === "f") { event.preventDefault(); query.value = tidy(query.value); }
  else if (event.key === "Escape" && running) running.abort();
});

examples = await (await fetch("/graphiql/examples.json")).json();
fill(at("examples"), examples.map((example) => example.title));
fillHistory();
at("token").value = sessionStorage.getItem(KEPT.token) ?? "";
put({ query: sessionStorage.getItem(KEPT.query) ?? examples[0].query, variables: sessionStorage.getItem(KEPT.variables) ?? "" });
await enter();
