// The tree of a cascade: nodes on rings around the root, their size by what is below, their colour by the tone of their words.

import { exact, spoken } from "./format.js";
import { el, t } from "./text.js";

const COLORS = { pos: "#2f6fde", neu: "#a8b0bb", neg: "#d64550", none: "#dfe4ec" };
const SAID = { pos: t("正面", "positive"), neu: t("中性", "neutral"), neg: t("负面", "negative"), none: t("没有写话", "no words") };
const INK = "#5b6780";
export const TIP = { confine: true, backgroundColor: "#fff", borderColor: "#e7ebf1", padding: 0, textStyle: { color: "#18212f" } };
const NAMED = 12;
const MARGIN = 24;

/** A tooltip of rows [name, value]; rows without a value are left out. */
export function tip(title, rows) {
  return el("div", { class: "tip" }, el("strong", {}, title), ...rows.filter(([, value]) => value).map(([name, value]) => el("div", {}, el("span", {}, name), el("b", {}, value))));
}

/** Places on rings: a node's sector is as wide as its leaves are many, a ring as wide as its nodes need. */
function places(nodes) {
  const level = nodes.map(() => 0);
  const leaves = nodes.map(() => 0);
  const inner = new Set(nodes.map(({ parent }) => parent));
  nodes.forEach(({ parent }, at) => { if (at) level[at] = level[parent] + 1; });
  for (let at = nodes.length - 1; at >= 0; at -= 1) {
    if (!inner.has(at)) leaves[at] = 1;
    if (at) leaves[nodes[at].parent] += leaves[at];
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
  return nodes.map(({ parent }, at) => {
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

/** Options of the tree in `holder`. Nodes are { parent, user, direct, below, shared, tie, tone }, the root first, parents before children. */
export function tree(nodes, holder) {
  const large = [...nodes.keys()].slice(1).sort((a, b) => nodes[b].below - nodes[a].below).slice(0, NAMED);
  const named = new Set(large.filter((at) => nodes[at].below > 0));
  const at = fitted(places(nodes), holder);
  return {
    tooltip: {
      ...TIP, trigger: "item", formatter: ({ dataType, dataIndex }) => {
        if (dataType !== "node") return "";
        const { parent, user, direct, below, shared, tie, tone } = nodes[dataIndex];
        const share = parent >= 0;
        return tip(user, [
          [t("下游", "Below"), exact(below)], [t("直接转发", "Direct"), exact(direct)],
          [t("时间", "Time"), share && spoken(shared)], [t("关系", "Tie"), share && tie], [t("语气", "Tone"), share && SAID[tone]],
        ]);
      },
    },
    series: [{
      type: "graph", id: "tree", layout: "none", roam: true, top: MARGIN, bottom: MARGIN, left: MARGIN, right: MARGIN,
      data: nodes.map(({ parent, user, below, tone }, number) => ({
        id: String(number), name: user, x: at[number][0], y: at[number][1],
        symbolSize: parent < 0 ? 26 : Math.min(5 + 1.6 * Math.sqrt(below), 30),
        itemStyle: { color: parent < 0 ? "#1f3f8f" : COLORS[tone], borderColor: "#fff", borderWidth: 1 },
        label: { show: parent < 0 || named.has(number) },
      })),
      links: nodes.flatMap(({ parent }, number) => (parent < 0 ? [] : [{ source: String(parent), target: String(number) }])),
      label: { position: "right", fontSize: 11, color: INK, textBorderColor: "#fbfcfe", textBorderWidth: 2 }, labelLayout: { hideOverlap: true },
      lineStyle: { color: "#ccd5e4", width: 1, opacity: 0.9 }, emphasis: { focus: "adjacency", scale: 1.2 },
    }],
  };
}
