// Panels drawn as plain elements: single figures, bars, tables.

import { compact, exact, moment, number, spoken } from "./format.js";
import { fixedColor, mapped, settings } from "./fields.js";
import { el, t, webAddress, word } from "./text.js";

const CHANGES = new Set(["环比", "较上期"]);

/** One figure large, the others of its row small beneath; changes carry ▲ or ▼ and no colour. */
export function stat(panel, frame) {
  const row = frame.rows[0];
  const columns = frame.names.map((name, index) => ({ name, index })).filter(({ index }) => frame.kinds[index] === "number");
  if (columns.length > 3) return figures(panel, columns, row);
  const [main, ...rest] = columns;
  const config = settings(panel, main.name);
  const big = el("div", { class: "figure" }, shown(config, row[main.index]));
  big.style.color = fixedColor(panel, main.name) ?? "";
  return el("div", { class: "reading" }, big, el("div", { class: "notes" }, ...rest.map(({ name, index }) => note(settings(panel, name), name, row[index]))));
}

function shown(config, value) {
  const text = number(value, config.unit, config.decimals);
  const [, size, unit] = text.match(/^([-−+\d.,]+)(.*)$/) ?? [null, text, ""];
  const span = el("span", {}, size);
  if (unit) span.append(el("small", {}, unit));
  return span;
}

function note(config, name, value) {
  const missing = value === null;
  if (!CHANGES.has(name)) return el("span", {}, `${word(name)} ${number(value, config.unit, config.decimals ?? 0)}`);
  if (missing) return el("span", { class: "faint" }, t("上期样本不足", "no earlier period"));
  const sign = value > 0 ? "▲" : value < 0 ? "▼" : "＝";
  const words = value > 0 ? t("升", "up") : value < 0 ? t("降", "down") : t("持平", "same");
  const times = config.unit === "percent" && value >= 1000;
  const text = times ? t(`至 ${compact(value / 100 + 1)} 倍`, `${compact(value / 100 + 1)}×`) : number(Math.abs(value), config.unit, 1);
  return el("span", { class: "change" }, el("i", { "aria-hidden": "true" }, sign), el("span", { class: "sr" }, words), ` ${text} `, el("em", {}, word(name)));
}

function figures(panel, columns, row) {
  return el("dl", { class: "figures" }, ...columns.map(({ name, index }) => {
    const config = settings(panel, name);
    return el("div", {}, el("dt", {}, word(name)), el("dd", {}, shown(config, row[index])));
  }));
}

/** Horizontal bars, one a row; several number columns are stacked. Keeps elements, so that bars glide. */
export function bars(panel, frame, holder) {
  const label = frame.names.indexOf(panel.options.xField);
  const numbers = frame.kinds.flatMap((kind, index) => (kind === "number" ? [index] : []));
  const stacked = panel.options.stacking === "normal";
  const parts = stacked ? numbers : [numbers[numbers.length - 1]]; // the last number is what the query sorts by
  const extra = stacked ? [] : numbers.filter((index) => index !== parts[0]);
  const total = (row) => parts.reduce((sum, index) => sum + (row[index] ?? 0), 0);
  const most = Math.max(...frame.rows.map(total), 1e-9);
  const list = el("ol", { class: "bars" }, ...frame.rows.map((row) => {
    const track = el("div", { class: "track" }, ...parts.map((index) => {
      const bar = el("i", { title: `${word(frame.names[index])} ${exact(row[index])}` });
      bar.style.width = `${((row[index] ?? 0) / most) * 100}%`;
      bar.style.background = fixedColor(panel, frame.names[index]) ?? "#5d9ccf";
      return bar;
    }));
    const config = settings(panel, frame.names[parts[0]]);
    const notes = extra.map((index) => `${word(frame.names[index])} ${exact(row[index])}`).join(" · ");
    return el("li", { title: notes || null }, el("span", { class: "name" }, word(String(row[label]))), track,
      el("span", { class: "value" }, number(total(row), config.unit, config.decimals)));
  }));
  const legend = stacked ? el("div", { class: "legend" }, ...parts.map((index) => {
    const dot = el("i");
    dot.style.background = fixedColor(panel, frame.names[index]);
    return el("span", {}, dot, word(frame.names[index]));
  })) : null;
  glide(holder, list);
  holder.replaceChildren(...[list, legend].filter(Boolean));
}


/** Start new bars at the old widths of the same names, so that the change is seen. */
function glide(holder, list) {
  const before = new Map([...holder.querySelectorAll("li")].map((item) => [item.querySelector(".name").textContent, [...item.querySelectorAll(".track i")].map((bar) => bar.style.width)]));
  for (const item of list.querySelectorAll("li")) {
    const old = before.get(item.querySelector(".name").textContent);
    if (!old) continue;
    item.querySelectorAll(".track i").forEach((bar, index) => {
      const width = bar.style.width;
      bar.style.width = old[index] ?? width;
      requestAnimationFrame(() => requestAnimationFrame(() => { bar.style.width = width; }));
    });
  }
}

/** A table; rows that were not there before light up once. */
export function table(panel, frame, holder) {
  const columns = frame.names
    .map((name, index) => ({ name, index, kind: frame.kinds[index], config: settings(panel, name) }))
    .filter(({ config }) => !config["custom.hidden"]);
  const key = (row) => {
    const id = frame.names.indexOf("post_id");
    return id >= 0 ? String(row[id]) : null;
  };
  const known = holder.dataset.keys ? new Set(JSON.parse(holder.dataset.keys)) : null;
  const head = el("thead", {}, el("tr", {}, ...columns.map(({ name, kind, config }) => {
    const cell = el("th", { scope: "col", class: kind === "number" ? "right" : null }, word(name));
    if (config["custom.width"]) cell.style.width = `${config["custom.width"]}px`;
    return cell;
  })));
  const body = el("tbody", {}, ...frame.rows.map((row) => {
    const fresh = known && key(row) !== null && !known.has(key(row));
    return el("tr", { class: fresh ? "fresh" : null }, ...columns.map((column) => cell(frame, row, column)));
  }));
  holder.dataset.keys = JSON.stringify(frame.rows.map(key));
  const top = holder.firstElementChild?.scrollTop ?? 0;
  const scroll = el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": word(panel.title) }, el("table", {}, head, body));
  holder.replaceChildren(scroll);
  scroll.scrollTop = top;
}

function cell(frame, row, { name, index, kind, config }) {
  const value = row[index];
  const hit = mapped(config, value);
  const attributes = { class: kind === "number" ? "right" : kind === "time" ? "time" : config.links ? "text" : null, "data-label": word(name) };
  if (hit) {
    const pill = el("span", { class: "pill" }, word(hit.text));
    pill.style.setProperty("--tone", hit.color);
    return el("td", attributes, pill);
  }
  if (value === null || value === "") return el("td", { ...attributes, class: `${attributes.class ?? ""} faint` }, config.links ? t("（原文不在库中）", "(the text is not in store)") : "—");
  if (kind === "time") return el("td", attributes, el("time", { datetime: new Date(value).toISOString(), title: spoken(value) }, moment(value)));
  if (kind === "number") return el("td", attributes, number(value, config.unit, config.decimals));
  if (!config.links) return el("td", attributes, String(value));
  const field = (column) => row[frame.names.indexOf(column)];
  const outside = webAddress(field("url"));
  const inside = `/posts/${encodeURIComponent(field("平台"))}/${encodeURIComponent(field("post_id"))}`;
  return el("td", attributes, el("div", { class: "said" }, el("a", { href: inside }, String(value)),
    outside ? el("a", { class: "out", href: outside, target: "_blank", rel: "noopener noreferrer", title: t("打开原帖", "Open the post"), "aria-label": t("打开原帖", "Open the post") }, "↗") : null));
}
