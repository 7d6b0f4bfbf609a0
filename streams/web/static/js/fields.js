// What a panel's fieldConfig says about one column.

/** Settings of a column: defaults with its overrides laid over them. */
export function settings(panel, name) {
  const found = { ...panel.fields.defaults };
  for (const override of panel.fields.overrides) {
    if (override.matcher.options !== name) continue;
    for (const { id, value } of override.properties) found[id] = value;
  }
  return found;
}

/** The fixed colour of a column, if it has one. */
export function fixedColor(panel, name) {
  const color = settings(panel, name).color;
  return color?.mode === "fixed" ? color.fixedColor : null;
}

/** Text and colour that a value is mapped to, if any. */
export function mapped(config, value) {
  for (const mapping of config.mappings ?? []) {
    const hit = mapping.type === "value" ? mapping.options[String(value)] : null;
    if (hit) return hit;
  }
  return null;
}

/** Whether a frame has nothing to show: no rows, or numbers that are all zero or missing. */
export function nothing(panel, frame) {
  if (!frame || frame.rows.length === 0) return true;
  const numbers = frame.kinds.flatMap((kind, index) => (kind === "number" ? [index] : []));
  if (panel.type === "timeseries") return frame.rows.every((row) => numbers.every((index) => !row[index]));
  if (panel.type === "stat") return numbers.length > 0 && frame.rows[0][numbers[0]] === null;
  return false;
}

/** Categorical colours; red, grey and blue are kept for sentiment. */
export const PALETTE = ["#27498f", "#e0932f", "#3f9c8b", "#8a63bd", "#c9679b", "#5d9ccf", "#a08a4b", "#6b7a99", "#b5654a", "#4b8f5a"];
