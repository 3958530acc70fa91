// What the account pages do beyond plain HTML: copying, and saying why a passkey was not used.

for (const button of document.querySelectorAll("[data-needs-script]")) button.hidden = false;

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break; // only in secure contexts; the text can be selected all the same
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
    button.setAttribute("aria-live", "polite");
    button.textContent = button.dataset.done;
  });
}

document.addEventListener("allauth.error", (event) => {
  const problem = document.querySelector("[data-passkey-problem]");
  if (!problem) return;
  event.preventDefault();
  problem.hidden = false;
  problem.scrollIntoView({ block: "nearest" });
});

// On a phone the navigation is a strip: bring the page one is on into view.
const here = document.querySelector(".account-nav [aria-current]");
if (here) here.closest("nav").scrollLeft = here.offsetLeft - 16;
