// ECharts: time series and shares. Tooltips are elements of ours, so no text of a post is ever markup.

import { axisTime, compact, exact, fields, number, wall } from "./format.js";
import { PALETTE, fixedColor } from "./fields.js";
import { el, t, word } from "./text.js";

const still = matchMedia("(prefers-reduced-motion: reduce)");
const FONT = getComputedStyle(document.body).fontFamily;
const INK = "#5b6780";
const LINE = "#e7ebf1";

/** An ECharts instance that follows the size of its element. */
export function chart(holder) {
  const instance = echarts.init(holder, null, { renderer: "canvas" });
  const observer = new ResizeObserver(() => instance.resize());
  observer.observe(holder);
  return {
    set: (option) => instance.setOption({ textStyle: { fontFamily: FONT }, animation: !still.matches, ...option }, { replaceMerge: ["series"] }),
    dispose: () => { observer.disconnect(); instance.dispose(); },
  };
}

function tip(title, rows) {
  return el("div", { class: "tip" }, el("strong", {}, title),
    ...rows.map(([color, name, value]) => {
      const dot = el("i");
      dot.style.background = color;
      return el("div", {}, dot, el("span", {}, name), el("b", {}, value));
    }));
}

const TOOLTIP = { confine: true, backgroundColor: "#fff", borderColor: LINE, padding: 0, textStyle: { color: "#18212f" }, extraCssText: "box-shadow:0 6px 24px rgba(20,32,58,.14);border-radius:8px" };

/** Options of a time series panel; `live` marks the last bucket as unfinished. */
export function timeseries(panel, frame, live) {
  const at = frame.kinds.indexOf("time");
  const columns = frame.names.map((name, index) => ({ name, index })).filter(({ index }) => frame.kinds[index] === "number");
  const config = panel.fields.defaults;
  const custom = config.custom ?? {};
  const bars = custom.drawStyle === "bars";
  const stacked = custom.stacking?.mode === "normal";
  const times = frame.rows.map((row) => wall(row[at]));
  const span = times.length > 1 ? times[times.length - 1] - times[0] : 0;
  const last = frame.rows.length - 1;
  return {
    useUTC: true,
    animationDuration: 300, animationDurationUpdate: 300,
    grid: { left: 8, right: 12, top: 14, bottom: columns.length > 1 ? 34 : 8, containLabel: true },
    legend: { show: columns.length > 1, bottom: 0, icon: "roundRect", itemWidth: 10, itemHeight: 10, itemGap: 18, textStyle: { color: INK, fontSize: 12 } },
    tooltip: {
      ...TOOLTIP, trigger: "axis", axisPointer: { type: bars ? "shadow" : "line", shadowStyle: { color: "rgba(40,60,110,.06)" } },
      formatter: (items) => {
        const index = items[0].dataIndex;
        const f = fields(frame.rows[index][at]);
        const open = live && bars && index === last ? t("（未结束）", " (unfinished)") : "";
        return tip(`${f.month}-${f.day} ${f.weekday} ${f.hour}:${f.minute}${span < 600000 ? `:${f.second}` : ""}${open}`,
          items.map((item) => [item.color, item.seriesName, config.unit === "s" ? number(item.value[1], "s", 3) : exact(item.value[1])]));
      },
    },
    xAxis: { type: "time", axisLine: { lineStyle: { color: LINE } }, axisTick: { show: false }, splitLine: { show: false }, axisLabel: { color: INK, fontSize: 11, hideOverlap: true, formatter: (value) => axisTime(value, span) } },
    yAxis: { type: "value", min: 0, minInterval: config.unit === "s" ? 0 : 1, splitNumber: 4, axisLabel: { color: INK, fontSize: 11, formatter: (value) => (config.unit === "s" ? number(value, "s", 1) : compact(value, 1)) }, splitLine: { lineStyle: { color: LINE } } },
    series: columns.map(({ name, index }, order) => {
      const color = fixedColor(panel, name) ?? PALETTE[order % PALETTE.length];
      return {
        id: name, name: word(name), type: bars ? "bar" : "line", stack: stacked ? "all" : undefined,
        color, barCategoryGap: "22%", showSymbol: false, smooth: false, connectNulls: Boolean(custom.spanNulls),
        lineStyle: { width: custom.lineWidth ?? 2, color },
        areaStyle: !bars && custom.fillOpacity ? { opacity: custom.fillOpacity / 100 } : undefined,
        emphasis: { focus: bars ? "none" : "series" },
        data: frame.rows.map((row, position) => ({
          value: [times[position], row[index]],
          ...(live && bars && position === last ? { itemStyle: { opacity: 0.45 } } : {}),
        })),
      };
    }),
  };
}

/** Options of a donut: the first text column names, the first number is its part in per cent, the next what it is a part of. */
export function donut(frame, narrow) {
  const [name, part, value] = [frame.kinds.indexOf("text"), ...frame.kinds.flatMap((kind, index) => (kind === "number" ? [index] : []))];
  const total = frame.rows.reduce((sum, row) => sum + row[value], 0);
  const share = (per) => `${per.toFixed(1)}%`;
  const parts = new Map(frame.rows.map((row) => [row[name], row[part]]));
  return {
    animationDuration: 300, animationDurationUpdate: 300,
    color: PALETTE,
    title: {
      text: compact(total, 1), subtext: word(frame.names[value]), left: narrow ? "49%" : "29%", top: narrow ? "33%" : "40%", textAlign: "center",
      textStyle: { fontSize: 22, fontWeight: 600, color: "#18212f" }, subtextStyle: { color: INK, fontSize: 12 }, itemGap: 4,
    },
    legend: {
      orient: narrow ? "horizontal" : "vertical", ...(narrow ? { bottom: 0, left: "center" } : { right: 8, top: "middle" }),
      icon: "circle", itemWidth: 9, itemHeight: 9, itemGap: narrow ? 12 : 14, type: "scroll",
      formatter: (brand) => `{name|${brand.length > 8 ? `${brand.slice(0, 8)}…` : brand}}{share|${share(parts.get(brand) ?? 0)}}`,
      textStyle: { color: "#18212f", rich: { name: { width: narrow ? 44 : 76, fontSize: 13 }, share: { fontSize: 13, fontWeight: 600, width: 48, align: "right" } } },
    },
    tooltip: { ...TOOLTIP, trigger: "item", formatter: (item) => tip(item.name, [[item.color, word(frame.names[value]), exact(item.value)], [item.color, word(frame.names[part]), share(parts.get(item.name) ?? 0)]]) },
    series: [{
      id: "share", type: "pie", radius: narrow ? ["46%", "66%"] : ["52%", "76%"], center: narrow ? ["50%", "40%"] : ["30%", "50%"],
      label: { show: false }, itemStyle: { borderColor: "#fff", borderWidth: 2, borderRadius: 4 }, emphasis: { scaleSize: 4 },
      data: frame.rows.map((row) => ({ name: row[name], value: row[value] })),
    }],
  };
}
