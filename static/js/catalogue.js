/* The catalogue, made live by htmx: what htmx does not know by itself. Without it the form's button does it all. */
const form = document.getElementById("filter");
const search = document.getElementById("id_q");
const count = document.getElementById("count");

if (form && window.htmx) {
  form.classList.add("is-live");

  // The search field is not replaced, so that nothing typed is lost; a chip or "Clear all" empties it.
  document.body.addEventListener("htmx:pushedIntoHistory", (event) => {
    if (document.activeElement === search) return;
    search.value = new URL(event.detail.path, location.href).searchParams.get("q") ?? "";
  });

  // htmx does not know the links of a drawing: one of the map's tiles narrows the list in place as well.
  document.body.addEventListener("click", (event) => {
    const link = event.target.closest(".tile-maps a");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    htmx.ajax("GET", link.getAttribute("href"), { source: "#results", target: "#results", swap: "outerHTML" });
  });

  // A link that is gone after its click leaves the focus nowhere; the count says what came of it.
  document.body.addEventListener("htmx:afterSettle", () => {
    if (document.activeElement === document.body) count.focus({ preventScroll: true });
  });

  // An answer that is an error is a page that says what to do; without any answer say so here.
  document.body.addEventListener("htmx:responseError", (event) => {
    location.assign(event.detail.pathInfo.finalRequestPath || event.detail.pathInfo.requestPath);
  });
  for (const failure of ["htmx:sendError", "htmx:timeout"]) {
    document.body.addEventListener(failure, () => { count.textContent = form.dataset.unanswered; });
  }
}
