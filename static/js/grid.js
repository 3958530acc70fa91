// A table of inputs that moves and pastes like a spreadsheet. The inputs are an ordinary form: without this
// file they are typed into one by one and sent the same way.
const grid = document.getElementById("grid");
const undoButton = document.getElementById("undo");
const status = document.getElementById("changes");
const total = document.querySelector("[name$=TOTAL_FORMS]");
const done = []; // each entry: [[input, value before], …] of one step
let before = null; // what the focused cell held when it got the focus

const rows = () => [...grid.tBodies[0].rows];
const cells = (row) => [...row.querySelectorAll("td input")];
const place = (input) => {
  const row = input.closest("tr");
  return [rows().indexOf(row), cells(row).indexOf(input)];
};

function go(row, column) {
  const input = rows()[row] && cells(rows()[row])[column];
  if (!input) return false;
  input.focus();
  input.select();
  return true;
}

function show() {
  const changed = rows().flatMap(cells).filter((input) => {
    const differs = input.value !== input.defaultValue;
    input.classList.toggle("grid-changed", differs);
    return differs;
  }).length;
  undoButton.hidden = !done.length;
  status.textContent = changed === 0 ? "" : changed === 1 ? status.dataset.one : status.dataset.many.replace("{count}", changed);
}

function remember(step) {
  if (step.length) done.push(step);
  show();
}

function undo() {
  const step = done.pop();
  if (!step) return;
  for (const [input, value] of step) input.value = value;
  before = document.activeElement.value;
  step[0][0].focus();
  show();
}

function addRow() {
  const last = rows().at(-1);
  const number = Number(total.value);
  const row = last.cloneNode(true);
  row.cells[0].firstChild.textContent = String(number + 1);
  row.querySelectorAll(".errorlist").forEach((one) => one.remove());
  for (const input of row.querySelectorAll("input")) {
    input.name = input.name.replace(/-\d+-/, `-${number}-`);
    input.id = input.id.replace(/-\d+-/, `-${number}-`);
    input.removeAttribute("aria-invalid");
    input.removeAttribute("aria-describedby");
    input.setAttribute("value", "");
    input.value = "";
  }
  last.after(row);
  total.value = String(number + 1);
}

function paste(input, text) {
  const [top, left] = place(input);
  const lines = text.replace(/\r/g, "").replace(/\n$/, "").split("\n").map((line) => line.split("\t"));
  const step = [];
  lines.forEach((line, down) => {
    while (!rows()[top + down] && Number(total.value) < Number(grid.dataset.max ?? 100)) addRow();
    const targets = rows()[top + down] ? cells(rows()[top + down]) : [];
    line.forEach((value, across) => {
      const target = targets[left + across];
      if (!target) return;
      step.push([target, target.value]);
      target.value = target.classList.contains("number") ? value.trim().replace(/(\d),(?=\d{3}\b)/g, "$1") : value.trim();
    });
  });
  before = input.value;
  remember(step);
}

function move(event) {
  const input = event.target;
  const [row, column] = place(input);
  const atStart = input.selectionStart === 0 && (input.selectionEnd === 0 || input.selectionEnd === input.value.length);
  const atEnd = input.selectionEnd === input.value.length;
  const steps = {
    Enter: [event.shiftKey ? -1 : 1, 0],
    ArrowDown: [1, 0],
    ArrowUp: [-1, 0],
    ArrowLeft: atStart ? [0, -1] : null,
    ArrowRight: atEnd ? [0, 1] : null,
  };
  const step = steps[event.key];
  if (!step) return;
  if (go(row + step[0], column + step[1]) || event.key === "Enter") event.preventDefault();
}

if (grid) {
  grid.addEventListener("focusin", (event) => { before = event.target.value; });
  grid.addEventListener("focusout", (event) => {
    if (before !== null && event.target.value !== before) remember([[event.target, before]]);
    before = null;
  });
  grid.addEventListener("input", show);
  grid.addEventListener("keydown", (event) => {
    if (!event.target.matches("td input") || event.isComposing) return;
    if (event.key === "Escape") {
      event.target.value = before;
      show();
    } else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && !event.shiftKey) {
      // While a cell is being typed into, the browser takes back letters; after that, whole cells.
      if (event.target.value === before) {
        event.preventDefault();
        undo();
      }
    } else if (!event.ctrlKey && !event.metaKey && !event.altKey) move(event);
  });
  grid.addEventListener("paste", (event) => {
    const text = event.clipboardData.getData("text/plain");
    if (!event.target.matches("td input") || !/[\t\n]/.test(text.trim())) return;
    event.preventDefault();
    paste(event.target, text);
  });
  undoButton.addEventListener("click", undo);
  show();
  grid.dataset.live = ""; // from here on it moves and pastes
}
