// Both languages stand side by side where they are used, as on the server.

export const boot = JSON.parse(document.getElementById("boot").textContent);
const english = boot.language === "en";

/** The text in the page's language. */
export const t = (zh, en) => (english ? en : zh);

/** A title, column or description from a dashboard, in the page's language. */
export const word = (text) => boot.words[text] ?? text;

/** An element with attributes, listeners (`onclick`) and children; strings become text, never markup. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** The address if a browser may follow it, else null: posts bring any text they like. */
export function webAddress(text) {
  try {
    const url = new URL(text);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
  } catch {
    return null;
  }
}
