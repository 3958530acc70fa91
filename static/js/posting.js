// Judges, counts and draws along while somebody types: when the typing pauses or a field is left, htmx sends the form
// as it is, and the small parts that come back go to their places. The server stores nothing on the way, and is the
// only one who knows how to judge and draw.
const form = document.getElementById("form");
const PAUSE_MS = 400;
const left = new Set(); // the names of fields that were left; the others are not judged yet
let timer;

function soon() {
  clearTimeout(timer);
  timer = setTimeout(() => window.htmx.trigger(form, "typed"), PAUSE_MS);
}

function leave({ target, relatedTarget }) {
  const field = target.name && target.closest(".field");
  if (!field || field.contains(relatedTarget)) return;
  left.delete(target.name);
  left.add(target.name); // the last one left is told aloud
  soon();
}

const faults = (part) => [...part.querySelectorAll(".errorlist")].map((list) => list.textContent).join();

// Nobody's field is changed under their hands: a mended one loses its fault, all else waits until it is left.
function place(event) {
  const { target, fragment } = event.detail;
  const isField = target.matches(".field");
  const same = isField ? faults(target) === faults(fragment) : target.textContent === fragment.textContent;
  const inUse = isField && target.contains(document.activeElement);
  if (!same && inUse && !faults(fragment)) mend(target);
  if (same || inUse) event.detail.shouldSwap = false;
}

function mend(field) {
  field.classList.remove("field-wrong");
  for (const list of field.querySelectorAll(".errorlist")) list.remove();
  for (const input of field.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
}

// Another row, or a copy of one: the whole table comes back, and the new row gets the focus.
async function grow(button) {
  const table = button.value.split("-")[0];
  const body = new FormData(form);
  body.append(button.name, button.value);
  const answer = await fetch(form.action || location.href, { method: "POST", body });
  if (!answer.ok || answer.redirected) throw new Error(answer.status);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(table);
  if (!fresh) throw new Error(table);
  document.getElementById(table).replaceWith(fresh);
  [...fresh.querySelectorAll("fieldset.dated-row")].at(-1)?.querySelector("input:not([type=hidden]), select")?.focus();
}

function growOnClick(event) {
  const button = event.target.closest("button[name=add], button[name=copy]");
  if (!button) return;
  event.preventDefault();
  clearTimeout(timer);
  grow(button).catch(() => {
    const sent = document.createElement("input");
    Object.assign(sent, { type: "hidden", name: button.name, value: button.value });
    form.append(sent);
    form.submit();
  });
}

if (form) {
  form.addEventListener("click", growOnClick);
  // Sending twice makes one post anyway; this only spares the second trip.
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    if (form.dataset.sent) event.preventDefault();
    else setTimeout(() => { form.dataset.sent = "yes"; });
    setTimeout(() => { delete form.dataset.sent; }, 5000);
  });
  addEventListener("pageshow", () => { delete form.dataset.sent; });
}

if (form && window.htmx) {
  document.documentElement.classList.add("draws-along");
  form.addEventListener("input", soon);
  form.addEventListener("focusout", leave);
  form.addEventListener("htmx:configRequest", (event) => {
    for (const name of left) event.detail.formData.append("left", name);
  });
  document.body.addEventListener("htmx:oobBeforeSwap", place);
}
