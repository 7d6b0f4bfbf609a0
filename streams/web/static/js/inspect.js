// 查看口径: what a panel counts, the SQL as it ran, and its numbers as a table.

import { exact, spoken } from "./format.js";
import { el, t, word } from "./text.js";
import { parameters } from "./view.js";

const ROWS = 100;

/** Open the dialog for a panel. */
export async function inspect(panel, view) {
  const body = el("div", { class: "inspected" }, el("p", {}, word(panel.description)));
  const close = el("button", { type: "button", class: "close", "aria-label": t("关闭", "Close"), onclick: () => dialog.close() }, "✕");
  const dialog = el("dialog", { "aria-label": word(panel.title), onclose: () => dialog.remove(), onclick: (event) => { if (event.target === dialog) dialog.close(); } }, el("header", {}, el("h2", {}, word(panel.title)), close), body);
  document.body.append(dialog);
  dialog.showModal();
  const answer = await fetch(`/api/v1/panels/${encodeURIComponent(view.board.uid)}/${panel.id}?${parameters(view)}`);
  const data = await answer.json();
  if (!answer.ok) {
    body.append(el("p", { class: "why" }, data.detail));
    return;
  }
  for (const sql of data.sql) {
    const copy = el("button", { type: "button", onclick: async () => { await navigator.clipboard.writeText(sql); copy.textContent = t("已复制", "Copied"); } }, t("复制", "Copy"));
    body.append(el("h3", {}, t("实际执行的 SQL", "SQL as it ran"), copy), el("pre", { tabindex: "0" }, el("code", {}, sql)));
  }
  for (const frame of data.frames) body.append(el("h3", {}, t(`结果（${frame.rows.length} 行）`, `Result (${frame.rows.length} rows)`)), numbers(frame));
}

function numbers(frame) {
  const text = (value, kind) => (value === null ? "—" : kind === "time" ? spoken(value) : exact(value));
  return el("div", { class: "scroll", tabindex: "0" }, el("table", {},
    el("thead", {}, el("tr", {}, ...frame.names.map((name, index) => el("th", { scope: "col", class: frame.kinds[index] === "number" ? "right" : null }, word(name))))),
    el("tbody", {}, ...frame.rows.slice(0, ROWS).map((row) => el("tr", {}, ...row.map((value, index) => el("td", { class: frame.kinds[index] === "number" ? "right" : null }, text(value, frame.kinds[index]))))))));
}
