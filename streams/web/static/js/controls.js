// Dashboard tabs, range of time, filters.

import { spoken, wall } from "./format.js";
import { boot, el, t, word } from "./text.js";

const RANGES = [["now-15m", t("15 分钟", "15 min")], ["now-1h", t("1 小时", "1 h")], ["now-6h", t("6 小时", "6 h")], ["now-24h", t("24 小时", "24 h")], ["now-7d", t("7 天", "7 days")]];
const CHIPS = 6;
const LONG_CHIPS = 3;

/** One tab a dashboard. */
export function tabs(holder, view, go) {
  holder.replaceChildren(...boot.boards.map((board) => el("a", {
    href: `?board=${encodeURIComponent(board.uid)}`, "aria-current": board.uid === view.board.uid ? "page" : null,
    onclick: (event) => { event.preventDefault(); go({ board, chosen: {} }); },
  }, word(board.title))));
}

/** Buttons for the usual ranges, and any other by two date fields. */
export function ranges(holder, view, go) {
  const preset = view.to === "now" && RANGES.some(([from]) => from === view.from);
  const buttons = RANGES.map(([from, label]) => el("button", {
    type: "button", "aria-pressed": String(view.to === "now" && view.from === from), onclick: () => go({ from, to: "now" }),
  }, label));
  const label = preset ? t("自定义", "Custom") : /^\d+$/.test(view.from) ? `${spoken(Number(view.from))} – ${/^\d+$/.test(view.to) ? spoken(Number(view.to)) : t("现在", "now")}` : view.from;
  holder.replaceChildren(el("div", { class: "segments", role: "group", "aria-label": t("时间范围", "Range of time") }, ...buttons), custom(label, !preset, view, go));
}

function custom(label, active, view, go) {
  const stamp = (ms) => new Date(wall(ms)).toISOString().slice(0, 16);
  const edge = (text, fallback) => (/^\d+$/.test(text) ? Number(text) : fallback);
  const from = el("input", { type: "datetime-local", "aria-label": t("从", "From"), value: stamp(edge(view.from, Date.now() - 3600000)) });
  const to = el("input", { type: "datetime-local", "aria-label": t("到", "To"), value: stamp(edge(view.to, Date.now())) });
  const unix = (input) => {
    const asUtc = Date.parse(`${input.value}:00Z`);
    return asUtc - (wall(asUtc) - asUtc);
  };
  const apply = el("button", { type: "submit", class: "primary" }, t("应用", "Apply"));
  const form = el("form", { class: "popover", onsubmit: (event) => {
    event.preventDefault();
    const [start, stop] = [unix(from), unix(to)];
    if (start < stop) go({ from: String(start), to: String(stop) });
    else to.setCustomValidity(t("结束要晚于开始", "The end comes after the start")), to.reportValidity();
  } }, el("label", {}, t("从", "From"), from), el("label", {}, t("到", "To"), to), el("p", {}, boot.timezone), apply);
  to.addEventListener("input", () => to.setCustomValidity(""));
  return el("details", { class: `menu${active ? " active" : ""}` }, el("summary", {}, label), form);
}

/** Filters: the first values as chips, the rest in a menu. `listed` and what to write for it come with the stream. */
export function filters(holder, view, listed, texts, go) {
  const mark = JSON.stringify([view.board.uid, view.chosen, listed, texts]);
  if (holder.dataset.mark === mark || holder.querySelector("details[open]")) return;
  holder.dataset.mark = mark;
  holder.replaceChildren(...view.board.variables.map((variable) => filter(variable, view, listed?.[variable.name] ?? [], texts?.[variable.name] ?? {}, go)));
}

function filter(variable, view, listed, texts, go) {
  const chosen = view.chosen[variable.name] ?? [];
  const values = [...new Set([...listed, ...chosen])];
  const choose = (next) => {
    const all = { ...view.chosen };
    if (next.length) all[variable.name] = next;
    else delete all[variable.name];
    go({ chosen: all });
  };
  const toggle = (value) => choose(chosen.includes(value) ? chosen.filter((other) => other !== value) : [...chosen, value]);
  const chip = (label, pressed, run) => el("button", { type: "button", class: "chip", "aria-pressed": String(pressed), onclick: run }, label);
  const group = (...chips) => el("div", { class: "filter", role: "group", "aria-label": word(variable.label), title: variable.about ? word(variable.about) : null }, el("span", { class: "label" }, word(variable.label)), ...chips);
  if (variable.choices.length) {
    const [preset] = variable.choices;
    const current = chosen[0] ?? preset.value;
    return group(...variable.choices.map(({ value, text }) => chip(word(text), value === current, () => choose(value === preset.value ? [] : [value]))));
  }
  const shown = Object.keys(texts).length ? LONG_CHIPS : CHIPS;
  const first = values.slice(0, shown);
  const rest = values.slice(shown);
  const more = rest.length ? el("details", { class: `menu${rest.some((value) => chosen.includes(value)) ? " active" : ""}` }, el("summary", {}, t(`其余 ${rest.length} 个`, `${rest.length} more`)),
    el("div", { class: "popover list" }, ...rest.map((value) => chip(texts[value] ?? value, chosen.includes(value), () => toggle(value))))) : null;
  return group(chip(t("全部", "All"), chosen.length === 0, () => choose([])), ...first.map((value) => chip(texts[value] ?? value, chosen.includes(value), () => toggle(value))), more);
}
