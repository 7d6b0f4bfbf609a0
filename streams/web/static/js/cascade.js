// One cascade: its tree and its levels; while it is live the page is looked at again every few seconds.

import { chart } from "./charts.js";
import { compact, exact, spoken } from "./format.js";
import { boot, el, t } from "./text.js";

const AGAIN = 5000;
const COLORS = { pos: "#2f6fde", neu: "#a8b0bb", neg: "#d64550", none: "#dfe4ec" };
const INK = "#5b6780";
const LINE = "#e7ebf1";
const TIP = { confine: true, backgroundColor: "#fff", borderColor: LINE, padding: 0, textStyle: { color: "#18212f" } };
const NAMED = 12;
const MARGIN = 24;
const TIES = { strong: t("熟人", "strong tie"), weak: t("陌生人", "weak tie") };

const tone = (lean) => (lean === null ? "none" : lean >= boot.leans ? "pos" : lean <= -boot.leans ? "neg" : "neu");
const said = { pos: t("正面", "positive"), neu: t("中性", "neutral"), neg: t("负面", "negative"), none: t("没有写话", "no words") };

function tip(title, rows) {
  return el("div", { class: "tip" }, el("strong", {}, title), ...rows.filter(([, value]) => value).map(([name, value]) => el("div", {}, el("span", {}, name), el("b", {}, value))));
}

/** Places on rings: a node's sector is as wide as its leaves are many, a ring as wide as its nodes need. */
function places(nodes) {
  const level = nodes.map(() => 0);
  const leaves = nodes.map(() => 0);
  const inner = new Set(nodes.map(([parent]) => parent));
  nodes.forEach(([parent], at) => { if (at) level[at] = level[parent] + 1; });
  for (let at = nodes.length - 1; at >= 0; at -= 1) {
    if (!inner.has(at)) leaves[at] = 1;
    if (at) leaves[nodes[at][0]] += leaves[at];
  }
  const widths = [];
  for (const depth of level) widths[depth] = (widths[depth] ?? 0) + 1;
  const radius = [0];
  let total = 1;
  for (let depth = 1; depth < widths.length; depth += 1) {
    total += widths[depth];
    radius[depth] = Math.max(Math.sqrt(total), radius[depth - 1] + Math.sqrt(nodes.length) / 10 + 1);
  }
  const begin = nodes.map(() => 0);
  const taken = nodes.map(() => 0);
  return nodes.map(([parent], at) => {
    if (at) {
      begin[at] = begin[parent] + taken[parent];
      taken[parent] += leaves[at];
    }
    const angle = ((begin[at] + leaves[at] / 2) / leaves[0]) * 2 * Math.PI;
    return [radius[level[at]] * Math.cos(angle), radius[level[at]] * Math.sin(angle)];
  });
}

/** The same places as wide against their height as the holder is: ECharts would stretch the nodes themselves. */
function fitted(spots, holder) {
  const reach = (axis) => Math.max(...spots.map((spot) => spot[axis])) - Math.min(...spots.map((spot) => spot[axis]));
  const wide = ((holder.clientWidth - 2 * MARGIN) / (holder.clientHeight - 2 * MARGIN)) * (reach(1) || 1) / (reach(0) || 1);
  return spots.map(([x, y]) => [x * wide, y]);
}

/** Options of the tree: nodes come as [parent, user, direct, below, shared, tie, tone], parents first. */
function tree(nodes) {
  const large = [...nodes.keys()].slice(1).sort((a, b) => nodes[b][3] - nodes[a][3]).slice(0, NAMED);
  const named = new Set(large.filter((at) => nodes[at][3] > 0));
  const at = fitted(places(nodes), document.getElementById("tree"));
  return {
    tooltip: {
      ...TIP, trigger: "item", formatter: ({ dataType, dataIndex }) => {
        if (dataType !== "node") return "";
        const [parent, user, direct, below, shared, tie, lean] = nodes[dataIndex];
        const share = parent >= 0;
        return tip(share ? user : boot.author || t("源头", "root"), [
          [t("下游", "Below"), exact(below)], [t("直接转发", "Direct"), exact(direct)],
          [t("时间", "Time"), share && spoken(shared)], [t("关系", "Tie"), TIES[tie]], [t("语气", "Tone"), share && said[tone(lean)]],
        ]);
      },
    },
    series: [{
      type: "graph", id: "tree", layout: "none", roam: true, top: MARGIN, bottom: MARGIN, left: MARGIN, right: MARGIN,
      data: nodes.map(([parent, user, , below, , , lean], number) => ({
        id: String(number), name: parent < 0 ? boot.author || t("源头", "root") : user, x: at[number][0], y: at[number][1],
        symbolSize: parent < 0 ? 26 : Math.min(5 + 1.6 * Math.sqrt(below), 30),
        itemStyle: { color: parent < 0 ? "#1f3f8f" : COLORS[tone(lean)], borderColor: "#fff", borderWidth: 1 },
        label: { show: parent < 0 || named.has(number) },
      })),
      links: nodes.flatMap(([parent], number) => (parent < 0 ? [] : [{ source: String(parent), target: String(number) }])),
      label: { position: "right", fontSize: 11, color: INK, textBorderColor: "#fbfcfe", textBorderWidth: 2 }, labelLayout: { hideOverlap: true },
      lineStyle: { color: "#ccd5e4", width: 1, opacity: 0.9 }, emphasis: { focus: "adjacency", scale: 1.2 },
    }],
  };
}

/** Options of the levels: columns of nodes, the tone as a line between -1 and 1. */
function levels(rows) {
  const names = rows.map((_, level) => (level ? t(`第 ${level} 层`, `level ${level}`) : t("源头", "root")));
  return {
    grid: { left: 8, right: 8, top: 34, bottom: 8, containLabel: true },
    legend: { top: 0, right: 0, itemWidth: 12, itemHeight: 8, textStyle: { color: INK } },
    tooltip: {
      ...TIP, trigger: "axis", formatter: ([{ dataIndex }]) => {
        const [count, portion, ratio, reach, lean] = rows[dataIndex];
        return tip(names[dataIndex], [
          [t("节点", "Nodes"), exact(count)], [t("占比", "Part"), `${(portion * 100).toFixed(1)}%`], ["R", ratio === null ? "" : ratio.toFixed(2)],
          [t("曝光", "Reach"), reach ? compact(reach, 1) : ""], [t("语气", "Tone"), lean === null ? "" : lean.toFixed(2)],
        ]);
      },
    },
    xAxis: { type: "category", data: names, axisTick: { show: false }, axisLine: { lineStyle: { color: LINE } }, axisLabel: { color: INK, hideOverlap: true } },
    yAxis: [
      { type: "value", splitNumber: 3, axisLabel: { color: INK, formatter: (value) => compact(value) }, splitLine: { lineStyle: { color: LINE } } },
      { type: "value", min: -1, max: 1, interval: 1, axisLabel: { color: INK }, splitLine: { show: false } },
    ],
    series: [
      { id: "nodes", name: t("节点", "Nodes"), type: "bar", color: "#27498f", barMaxWidth: 44, data: rows.map(([count]) => count), label: { show: rows.length <= 16, position: "top", color: INK, formatter: ({ value }) => compact(value, 1) } },
      { id: "tone", name: t("语气", "Tone"), type: "line", yAxisIndex: 1, color: "#e0932f", connectNulls: true, symbolSize: 6, data: rows.map(([, , , , lean]) => lean) },
    ],
  };
}

const drawn = { tree: chart(document.getElementById("tree")), levels: chart(document.getElementById("levels")) };
function draw(state) {
  drawn.tree.set(tree(state.nodes));
  drawn.levels.set(levels(state.levels));
}

/** Look again: the words and tables of the new page take the place of the old ones, the charts stay. */
async function again() {
  if (!document.hidden) {
    const answer = await fetch(location.href).catch(() => null);
    if (answer?.ok) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const place of ["#words", "#hidden", ".sideways"]) {
        const [old, fresh] = [document.querySelectorAll(place), page.querySelectorAll(place)];
        if (old.length === fresh.length) old.forEach((node, at) => node.replaceWith(document.importNode(fresh[at], true)));
      }
      const state = JSON.parse(page.getElementById("boot").textContent);
      draw(state);
      if (!state.live) return;
    }
  }
  setTimeout(again, AGAIN);
}

draw(boot);
if (boot.live) setTimeout(again, AGAIN);
