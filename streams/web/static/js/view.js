// What is looked at, kept in the address with Grafana's own parameters: board, from, to, var-NAME.

import { boot } from "./text.js";

/** The view that the address describes. */
export function read() {
  const query = new URLSearchParams(location.search);
  const board = boot.boards.find(({ uid }) => uid === query.get("board")) ?? boot.boards[0];
  const chosen = {};
  for (const { name } of board.variables) {
    const values = query.getAll(`var-${name}`).filter((value) => value && value !== "$__all");
    if (values.length) chosen[name] = values;
  }
  return complete({ board, from: query.get("from") ?? board.from, to: query.get("to") ?? board.to, chosen });
}

/** A view with what follows from it. */
export function complete(view) {
  return { ...view, filtered: Object.keys(view.chosen).length > 0 };
}

/** Its parameters. */
export function parameters(view) {
  const query = new URLSearchParams({ board: view.board.uid, from: view.from, to: view.to });
  for (const [name, values] of Object.entries(view.chosen)) values.forEach((value) => query.append(`var-${name}`, value));
  return query;
}

/** Put it in the address. */
export function write(view) {
  const query = parameters(view);
  const lang = new URLSearchParams(location.search).get("lang");
  if (lang) query.set("lang", lang);
  history.pushState(null, "", `?${query}`);
}
