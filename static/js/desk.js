// The desk's keys. Each presses, opens or focuses what the page has for it: [data-key]. Without this file the
// same links and forms do the same work.

const SWITCH = "desk-keys";
const help = document.getElementById("desk-help");
const keysOn = document.getElementById("desk-keys-on");

function press(target) {
  const details = target.closest("details");
  if (target.tagName !== "SUMMARY") return target.click();
  details.open = true;
  details.querySelector("select, textarea").focus();
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, select, textarea, [contenteditable]");
  if (event.key === "Escape" && typing) {
    const details = typing.closest("details");
    if (details) details.open = false;
    return typing.blur();
  }
  const isOff = keysOn && !keysOn.checked && event.key !== "?";
  if (typing || isOff || event.ctrlKey || event.metaKey || event.altKey || event.repeat || help?.open) return;
  const target = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!target) return;
  event.preventDefault();
  press(target);
});

if (keysOn) {
  keysOn.checked = localStorage.getItem(SWITCH) !== "off";
  keysOn.addEventListener("change", () => localStorage.setItem(SWITCH, keysOn.checked ? "on" : "off"));
}
for (const current of document.querySelectorAll(".desk [aria-current]")) {
  current.scrollIntoView({ block: "nearest", inline: "nearest" });
}
// Whoever chose a match wants to decide on it.
if (new URLSearchParams(location.search).has("match")) {
  document.querySelector(".desk-detail")?.scrollIntoView({ block: "nearest" });
}
document.querySelector(".desk [aria-invalid]")?.focus();
// The hints at the buttons show only where their keys work.
const desk = document.querySelector(".desk");
const hint = () => desk.toggleAttribute("data-keys", !keysOn || keysOn.checked);
keysOn?.addEventListener("change", hint);
hint();
