// Alerts, cases, silences and rules: what is marked data-live is looked at again, unless somebody is busy in it.

const AGAIN = 3000;
const WAIT = 15000;
const address = new URL(location.href);
address.searchParams.delete("done");
address.searchParams.delete("rename");
let last = "";

/** Whether replacing this part would take something out of somebody's hands. */
function busy(part) {
  if (part.contains(document.activeElement) && document.activeElement.matches("input, select, textarea, button")) return true;
  return Boolean(part.querySelector("details[open] form"));
}

/** Look at the page again; the parts that changed take the place of the old ones. */
async function again() {
  const answer = await fetch(address, { signal: AbortSignal.timeout(WAIT) }).catch(() => null);
  document.getElementById("lost").hidden = Boolean(answer?.ok);
  if (!answer?.ok) return;
  const text = await answer.text();
  if (text === last) return;
  last = text;
  const page = new DOMParser().parseFromString(text, "text/html");
  document.title = page.title;
  for (const old of document.querySelectorAll("[data-live]")) {
    const fresh = page.getElementById(old.id);
    if (!fresh || busy(old) || same(old, fresh)) continue;
    for (const open of old.querySelectorAll("details[open]")) {
      const twin = [...fresh.querySelectorAll("details")].find((one) => one.querySelector("summary").textContent === open.querySelector("summary").textContent);
      if (twin) twin.open = true;
    }
    old.replaceWith(document.importNode(fresh, true));
  }
}

/** Whether two parts say the same, but for the numbers that make each form one act. */
function same(old, fresh) {
  const said = (part) => {
    const copy = part.cloneNode(true);
    for (const field of copy.querySelectorAll("input[name=once]")) field.removeAttribute("value");
    for (const fold of copy.querySelectorAll("details")) fold.open = false;
    return copy;
  };
  return said(old).isEqualNode(said(fresh));
}

async function watch() {
  if (!document.hidden) await again();
  setTimeout(watch, AGAIN);
}

document.body.classList.add("live");
for (const field of document.querySelectorAll("[data-submit]")) field.addEventListener("change", () => field.form.submit());
document.addEventListener("submit", (event) => {
  // The pressed button is part of the form's data, so it is taken out of reach only after it was read.
  setTimeout(() => { for (const button of event.target.querySelectorAll("button")) button.disabled = true; });
});
window.addEventListener("pageshow", () => { for (const button of document.querySelectorAll("form button[disabled]")) button.disabled = false; });
document.addEventListener("click", (event) => {
  const place = event.target.closest("[data-line]");
  const text = document.querySelector(".editor textarea");
  if (!place || !text) return;
  const lines = text.value.split("\n").slice(0, Number(place.dataset.line) - 1);
  const at = lines.reduce((sum, line) => sum + line.length + 1, 0) + Number(place.dataset.column) - 1;
  text.focus();
  text.setSelectionRange(at, at + 1);
});
if (document.querySelector("[data-live]:not(#badge)")) setTimeout(watch, AGAIN);
