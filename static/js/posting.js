// Draws along while somebody types: the form goes to the server as it is, and what comes back replaces the live
// parts. The server judges and stores nothing on the way, and is the only one who knows how to draw.
const form = document.getElementById("form");
const PAUSE_MS = 350;
let timer, under;

async function ask(name, value) {
  under?.abort();
  under = new AbortController();
  const body = new FormData(form);
  body.append(name, value);
  const answer = await fetch(form.action || location.href, { method: "POST", body, signal: under.signal });
  if (!answer.ok || answer.redirected) throw new Error(answer.status);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

function refresh(page) {
  for (const part of form.querySelectorAll("[data-live]")) {
    const fresh = page.getElementById(part.id);
    if (fresh) part.replaceWith(fresh);
  }
}

// Another row, or a copy of one: the whole table comes back, and the new row gets the focus.
async function grow(button) {
  const table = button.value.split("-")[0];
  const page = await ask(button.name, button.value);
  const fresh = page.getElementById(table);
  if (!fresh) throw new Error(table);
  document.getElementById(table).replaceWith(fresh);
  [...fresh.querySelectorAll("fieldset")].at(-1)?.querySelector("input:not([type=hidden]), select")?.focus();
}

if (form) {
  document.documentElement.classList.add("draws-along");
  form.addEventListener("input", () => {
    clearTimeout(timer);
    // Without an answer the last drawing stays; the button without JavaScript would do the same.
    timer = setTimeout(() => ask("count", "1").then(refresh).catch(() => {}), PAUSE_MS);
  });
  form.addEventListener("click", (event) => {
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
  });
  // Sending twice makes one post anyway; this only spares the second trip.
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    else setTimeout(() => { form.dataset.sent = "yes"; });
    setTimeout(() => { delete form.dataset.sent; }, 5000);
  });
  addEventListener("pageshow", () => { delete form.dataset.sent; });
}
