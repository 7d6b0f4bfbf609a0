// The cards of a dashboard: each draws its newest frames, or says why there is nothing to draw.

import { chart, donut, timeseries } from "./charts.js";
import { nothing } from "./fields.js";
import { compact, spoken } from "./format.js";
import { el, t, word } from "./text.js";
import { tree } from "./tree.js";
import { bars, stat, table } from "./widgets.js";

const TONES = [["arc__负面", "neg"], ["arc__中性", "neu"], ["arc__正面", "pos"]];
const CHARTS = new Set(["timeseries", "piechart", "nodeGraph"]);

/** Draws a board into `holder`; `actions` are inspect, jump, clear. */
export class Grid {
  constructor(holder, board, view, actions) {
    this.view = view;
    this.actions = actions;
    this.extent = null;
    this.status = {};
    this.cards = new Map();
    const panels = [...board.panels].sort((a, b) => a.grid.y - b.grid.y || a.grid.x - b.grid.x);
    holder.replaceChildren(...panels.map((panel) => this.card(panel)));
  }

  card(panel) {
    const body = el("div", { class: "body" }, el("div", { class: "skeleton", "aria-hidden": "true" }));
    const inspect = el("button", { class: "inspect", type: "button", title: t("查看口径", "How this is counted"), "aria-label": `${word(panel.title)}：${t("查看口径", "How this is counted")}`, onclick: () => this.actions.inspect(panel) }, t("口径", "SQL"));
    const node = el("section", { class: `card ${panel.type}`, "aria-label": word(panel.title), "aria-busy": "true", "data-panel": panel.id }, el("h2", {}, el("span", {}, word(panel.title)), inspect), body);
    const { x, y, w, h } = panel.grid;
    node.style.setProperty("--column", `${x + 1} / span ${w}`);
    node.style.setProperty("--row", `${y + 1} / span ${h}`);
    node.style.setProperty("--rows", h);
    this.cards.set(panel.id, { panel, node, body, chart: null, last: null });
    return node;
  }

  /** A panel's newest state came. */
  show(message) {
    const card = this.cards.get(message.panel);
    if (!card) return;
    card.last = message;
    card.node.removeAttribute("aria-busy");
    this.draw(card);
  }

  /** What data there is came: empty cards may have a better reason now. */
  explain(extent, status) {
    this.extent = extent ?? this.extent;
    this.status = status ?? this.status;
    for (const card of this.cards.values()) if (card.node.classList.contains("empty")) this.draw(card);
  }

  draw(card) {
    const { panel, body, last } = card;
    const [frame, edges] = last.frames ?? [];
    card.node.classList.toggle("failed", Boolean(last.error));
    if (last.error) return this.plain(card, el("div", { class: "why", role: "alert" }, el("strong", {}, last.error.title), el("p", {}, last.error.detail)));
    const empty = nothing(panel, frame);
    card.node.classList.toggle("empty", empty);
    if (empty) return this.plain(card, this.reason(panel, frame));
    if (CHARTS.has(panel.type)) return this.chart(card, frame, edges);
    if (panel.type === "stat") return this.plain(card, stat(panel, frame));
    this.release(card);
    if (body.firstElementChild?.matches(".skeleton, .why")) body.replaceChildren();
    return panel.type === "table" ? table(panel, frame, body) : bars(panel, frame, body);
  }

  chart(card, frame, edges) {
    if (!card.chart) {
      const holder = el("div", { class: "chart", role: "img" });
      card.body.replaceChildren(holder);
      card.chart = chart(holder);
      card.holder = holder;
    }
    const options = {
      piechart: () => donut(frame, card.body.clientWidth < 400),
      timeseries: () => timeseries(card.panel, frame, this.view.to === "now"),
      nodeGraph: () => tree(linked(frame, edges), card.holder),
    };
    card.chart.set(options[card.panel.type]());
    card.holder.setAttribute("aria-label", summary(card.panel, frame));
  }

  plain(card, node) {
    this.release(card);
    card.body.replaceChildren(node);
  }

  release(card) {
    card.chart?.dispose();
    card.chart = null;
  }

  close() {
    for (const card of this.cards.values()) this.release(card);
  }

  /** Why a card has nothing to show: four reasons, never one; only an interruption is red. */
  reason(panel, frame) {
    const extent = this.extent;
    const sample = frame?.rows[0]?.[frame.names.indexOf("样本")];
    if (sample > 0) return why(t(`样本 ${sample} 条，少于 30，不计算`, `${sample} samples, fewer than 30: not computed`));
    if (!extent || extent.error) return why(word(panel.noValue));
    if (extent.total === 0) return why(t("还没有任何数据", "No data yet"), t("导入：koubei ingest 文件，或看演示：koubei up --demo", "Feed some: koubei ingest FILE, or see the demo: koubei up --demo"));
    const silent = this.status.silences?.[0];
    if (extent.within === 0 && silent && this.view.to === "now") {
      const minutes = Math.round((Date.now() - silent.since) / 60000);
      const node = why(t(`数据中断 ${minutes} 分钟（${silent.platform}来源）`, `No data for ${minutes} minutes (source ${silent.platform})`), "", t("查看来源", "See the source"), () => this.actions.source());
      node.classList.add("alarm");
      return node;
    }
    if (extent.within === 0) return why(t(`这段时间没有数据（最近一条 ${spoken(extent.latest)}）`, `Nothing in this range (newest ${spoken(extent.latest)})`), "", t("跳到那里", "Go there"), () => this.actions.jump(extent.latest));
    if (this.view.filtered) return why(t(`被筛选条件排除了 ${compact(extent.within)} 条`, `The filters leave out ${compact(extent.within)} posts`), word(panel.noValue), t("清除筛选", "Clear filters"), () => this.actions.clear());
    return why(word(panel.noValue));
  }
}

function why(title, detail = "", action = "", run = null) {
  return el("div", { class: "why" }, el("strong", {}, title), detail ? el("p", {}, detail) : null, run ? el("button", { type: "button", onclick: run }, action) : null);
}

/** The nodes of a tree from the two frames of a node graph; what has lost its parent between the two is left out. */
function linked(frame, edges) {
  const column = Object.fromEntries(frame.names.map((name, index) => [name, index]));
  const parents = new Map(edges.rows.map(([id, source]) => [id, source]));
  const place = new Map();
  const found = [];
  for (const row of frame.rows) {
    const id = row[column.id];
    const parent = found.length ? place.get(parents.get(id)) : -1;
    if (parent === undefined) continue;
    place.set(id, found.length);
    found.push({
      parent, user: row[column.title], below: Number(row[column.mainstat]), direct: Number(row[column.secondarystat]),
      shared: row[column["detail__时间"]], tie: word(row[column.subtitle]), tone: TONES.find(([name]) => row[column[name]])?.[1] ?? "none",
    });
  }
  return found;
}

function summary(panel, frame) {
  if (panel.type === "nodeGraph") return t(`${word(panel.title)}：${frame.rows.length} 个节点`, `${word(panel.title)}: ${frame.rows.length} nodes`);
  const numbers = frame.kinds.flatMap((kind, index) => (kind === "number" ? [index] : []));
  if (panel.type === "piechart") return `${word(panel.title)}：${frame.rows.map((row) => `${row[frame.kinds.indexOf("text")]} ${compact(row[numbers[0]])}`).join("，")}`;
  return `${word(panel.title)}：${numbers.map((index) => `${word(frame.names[index])} ${t("合计", "total")} ${compact(frame.rows.reduce((sum, row) => sum + (row[index] ?? 0), 0), 1)}`).join("，")}`;
}
