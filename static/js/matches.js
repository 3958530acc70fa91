// The list of matches: counts what is chosen for a comparison and stops at four. Without it the server does.
const form = document.querySelector("form[data-compare-most]");

if (form) {
  const most = Number(form.dataset.compareMost);
  const told = form.querySelector("[data-compare-count]");
  const button = form.querySelector("button");
  const boxes = [...form.querySelectorAll('input[name="m"]')];
  const words = told.textContent;

  const count = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    for (const box of boxes) box.disabled = !box.checked && chosen >= most;
    button.disabled = chosen < 2;
    told.textContent = chosen ? `${chosen} / ${most}` : words;
  };

  told.setAttribute("role", "status");
  form.addEventListener("change", count);
  addEventListener("pageshow", count); // the back button brings ticks back
  count();
}
