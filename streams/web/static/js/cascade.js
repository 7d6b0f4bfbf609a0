// One cascade: its tree and its levels; while it is live the page is looked at again every few seconds.

import { chart } from "./charts.js";
import { compact, exact } from "./format.js";
import { boot, t } from "./text.js";
import { TIP, tip, tree } from "./tree.js";

const AGAIN = 5000;
const INK = "#5b6780";
const LINE = "#e7ebf1";
const TIES = { strong: t("熟人", "strong tie"), weak: t("陌生人", "weak tie") };

const tone = (lean) => (lean === null ? "none" : lean >= boot.leans ? "pos" : lean <= -boot.leans ? "neg" : "neu");

/** Nodes come as [parent, user, direct, below, shared, tie, lean], parents first. */
const nodes = (rows) => rows.map(([parent, user, direct, below, shared, tie, lean]) => ({
  parent, user: parent < 0 ? boot.author || t("源头", "root") : user, direct, below, shared, tie: TIES[tie], tone: tone(lean),
}));

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

const holder = document.getElementById("tree");
const drawn = { tree: chart(holder), levels: chart(document.getElementById("levels")) };
function draw(state) {
  drawn.tree.set(tree(nodes(state.nodes), holder));
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
