// A table of inputs that moves and pastes like a spreadsheet. The inputs are an ordinary form: without this
// file they are typed into one by one and sent the same way.
const grid = document.getElementById("grid");
const undoButton = document.getElementById("undo");
const status = document.getElementById("changes");
const total = document.querySelector("[name$=TOTAL_FORMS]");
const done = []; // each entry: [[input, value before], …] of one step
let note = ""; // what the last paste has to say
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
  const told = changed === 0 ? "" : changed === 1 ? status.dataset.one : status.dataset.many.replace("{count}", changed);
  status.textContent = note ? `${told}. ${note}` : told;
}

function remember(step) {
  if (step.length) done.push(step);
  show();
}

function undo() {
  const step = done.pop();
  if (!step) return;
  for (const [input, value] of step) input.value = value;
  note = "";
  before = document.activeElement.value;
  step[0][0].focus();
  show();
}

function addRow() {
  const last = rows().at(-1);
  const number = Number(total.value);
  const row = last.cloneNode(true);
  row.cells[0].firstChild.textContent = String(number + 1);
  row.querySelectorAll(".errorlist, small").forEach((one) => one.remove());
  row.querySelectorAll(".grid-wrong").forEach((cell) => cell.classList.remove("grid-wrong"));
  for (const input of row.querySelectorAll("input")) {
    input.name = input.name.replace(/-\d+-/, `-${number}-`);
    input.id = input.id.replace(/-\d+-/, `-${number}-`);
    input.removeAttribute("aria-invalid");
    input.readOnly = false;
    input.removeAttribute("title");
    input.removeAttribute("aria-describedby");
    input.setAttribute("value", "");
    input.value = "";
  }
  last.after(row);
  total.value = String(number + 1);
}

const plain = (text) => text.toLowerCase().replace(/[^a-z0-9]/g, "");
const headings = [...grid?.tHead.rows[0].cells ?? []].slice(1).map((cell) => {
  const label = cell.textContent;
  return [label, label.split(",")[0], cell.dataset.name].map(plain);
});

// The columns that a line of headings names, -1 for what has no place here; null for a line of figures.
function columnsNamed(line) {
  const found = line.map((text) => headings.findIndex((names) => text.trim() && names.includes(plain(text))));
  return found.filter((column) => column >= 0).length >= 2 ? found : null;
}

// "US$ 1,250 MW" is 1250; whatever could be read in two ways stays as it is, for the server to ask about.
function figure(text) {
  const bare = text.trim().replace(/^(US\$|USD|\$)\s*/i, "").replace(/\s*(MW|kW|%|months?)$/i, "");
  return bare.replace(/(\d)[, \u00a0](?=\d{3}(\D|$))/g, "$1");
}

function fill(target, value, step) {
  if (!target || target.readOnly) return;
  step.push([target, target.value]);
  target.value = target.classList.contains("number") ? figure(value) : value.trim();
}

function paste(input, text) {
  const [top, left] = place(input);
  let lines = text.replace(/\r/g, "").replace(/\n+$/, "").split("\n").map((line) => line.split("\t"));
  const named = columnsNamed(lines[0]);
  note = "";
  if (named) {
    const unknown = lines[0].filter((name, at) => name.trim() && named[at] < 0);
    note = status.dataset.headings.replace("{taken}", named.filter((column) => column >= 0).length);
    if (unknown.length) note += " " + status.dataset.unknown.replace("{names}", unknown.join(", "));
    lines = lines.slice(1);
  }
  const step = [];
  const missed = lines.filter((line, down) => {
    while (!rows()[top + down] && Number(total.value) < Number(grid.dataset.max ?? 100)) addRow();
    const row = rows()[top + down];
    if (!row) return true;
    line.forEach((value, across) => fill(cells(row)[named ? named[across] : left + across], value, step));
    return false;
  });
  if (missed.length) note += " " + status.dataset.full.replace("{count}", missed.length);
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
