// Wires address, controls, grid and stream together.

import { filters, ranges, tabs } from "./controls.js";
import { compact, duration, spoken } from "./format.js";
import { Grid } from "./grid.js";
import { inspect } from "./inspect.js";
import { boot, el, t } from "./text.js";
import { complete, parameters, read, write } from "./view.js";

const at = (id) => document.getElementById(id);
const HIDDEN_LIMIT = 60000;
let view, grid, source, listed, texts, status = {};

function go(change) {
  view = complete({ ...view, ...change });
  write(view);
  open();
}

const actions = {
  inspect: (panel) => inspect(panel, view),
  clear: () => go({ chosen: {} }),
  jump: (ms) => go({ from: String(ms - 1800000), to: String(ms + 1800000) }),
  source: () => go({ board: boot.boards.find(({ uid }) => uid === "koubei-pipeline") ?? view.board, chosen: {} }),
};

/** Draw the view's frame and listen. */
function open() {
  grid?.close();
  document.title = `${view.board.title} · ${t("口碑", "koubei")}`;
  tabs(at("tabs"), view, go);
  ranges(at("ranges"), view, go);
  filters(at("filters"), view, listed, texts, go);
  grid = new Grid(at("board"), view.board, view, actions);
  listen();
}

function listen() {
  source?.close();
  source = new EventSource(`/api/v1/stream?${parameters(view)}`);
  const on = (name, handle) => source.addEventListener(name, (event) => handle(JSON.parse(event.data)));
  on("panel", (message) => grid.show(message));
  on("view", (extent) => {
    grid.explain(extent, status);
    demo(extent);
    if (extent.listed) ({ listed, texts } = extent), filters(at("filters"), view, listed, texts, go);
  });
  on("status", (message) => {
    status = message;
    grid.explain(null, status);
    health();
  });
  source.onopen = () => banner("");
  source.onerror = async () => {
    if (source.readyState !== EventSource.CLOSED) return banner(t("连接断了，正在重连……", "Connection lost, trying again …"));
    const answer = await fetch(`/api/v1/stream?${parameters(view)}`).catch(() => null);
    const problem = answer && !answer.ok ? await answer.json() : null;
    answer?.body?.cancel?.().catch(() => {});
    if (problem?.type === "urn:koubei:problem:unknown-value") return actions.clear();
    if (problem?.type === "urn:koubei:problem:bad-range") return go({ from: view.board.from, to: view.board.to });
    banner(problem?.detail ?? t("连接断了，正在重连……", "Connection lost, trying again …"));
    setTimeout(() => source.readyState === EventSource.CLOSED && listen(), 3000);
    return undefined;
  };
}

function banner(text) {
  at("banner").textContent = text;
  at("banner").hidden = !text;
}

/** 延迟 and 积压 at the top right; whatever is wrong takes their place, in words. */
function health() {
  const wrong = status.store ? t("数据库连不上", "Database does not answer") : status.broker ? t("Kafka 连不上", "Kafka does not answer") : "";
  const quiet = status.silences?.[0];
  const delay = status.p95 === null || status.p95 === undefined ? t("延迟 —", "Delay —") : `${t("延迟", "Delay")} ${seconds(status.p95)}`;
  const lag = status.lag === null || status.lag === undefined ? t("积压 —", "Lag —") : `${t("积压", "Lag")} ${compact(status.lag, 1)}`;
  const node = at("status");
  node.className = wrong ? "status bad" : quiet ? "status quiet" : status.p95 === null ? "status idle" : "status good";
  node.title = status.store ?? status.broker ?? t("延迟：最近一分钟的帖子从写入 Kafka 到可查询，95 分位。积压：Kafka 中还没入库的记录数。", "Delay: Kafka to row, 95th percentile of the last minute. Lag: records in Kafka that have not landed.");
  node.replaceChildren(el("i", { "aria-hidden": "true" }), wrong || `${delay} · ${lag}`);
  const since = quiet ? Math.round((Date.now() - quiet.since) / 60000) : 0;
  at("silence").hidden = !quiet;
  at("silence").textContent = quiet ? t(`数据中断 ${since} 分钟：${status.silences.map(({ platform }) => platform).join("、")}（最近一条 ${spoken(quiet.since)}）`, `No data for ${since} minutes: ${status.silences.map(({ platform }) => platform).join(", ")} (last ${spoken(quiet.since)})`) : "";
  alarms(status.alerts);
  const outdated = status.outdated ?? [];
  at("outdated").hidden = outdated.length === 0;
  at("outdated").textContent = outdated.map(failure).join("\n");
}

/** How many alerts are open, beside the way to them; without word of the store it stays as it was. */
function alarms(alerts) {
  if (!alerts) return;
  const node = at("alerts");
  node.hidden = !alerts.open;
  node.textContent = alerts.open;
  node.className = `badge ${alerts.worst}`;
  node.title = t(`${alerts.open} 条未解除，${alerts.unclaimed} 条未认领`, `${alerts.open} open, ${alerts.unclaimed} unclaimed`);
}

/** What could not be loaded anew, and where that leaves us. */
function failure({ what, version, error, workers, since }) {
  const name = { lexicons: t("词典", "Lexicons"), rules: t("规则", "Rules") }[what] ?? what;
  const kept = version && ` ${version}`;
  return t(`${name}载入失败，仍用旧版本${kept}：${error}（${workers.join("、")}，${spoken(since)}）`, `${name} could not be loaded, the version before${kept} stays in use: ${error} (${workers.join(", ")}, ${spoken(since)})`);
}

const seconds = (value) => (value < 10 ? t(`${value.toFixed(1)} 秒`, `${value.toFixed(1)} s`) : duration(value, 1));

function demo(extent) {
  at("demo").hidden = !(extent.demo > 0);
  if (extent.demo > 0) at("demo-count").textContent = t(`这段时间有 ${compact(extent.demo)} 条演示帖子，内容和品牌都是虚构的。`, `${compact(extent.demo)} demo posts in this range; texts and brands are invented.`);
}

let hiding = 0;
document.addEventListener("visibilitychange", () => {
  clearTimeout(hiding);
  if (document.hidden) hiding = setTimeout(() => source.close(), HIDDEN_LIMIT);
  else if (source.readyState === EventSource.CLOSED) listen();
});
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) { menu.open = false; menu.querySelector("summary").focus(); }
});
window.addEventListener("popstate", () => { view = read(); open(); });

view = read();
open();
