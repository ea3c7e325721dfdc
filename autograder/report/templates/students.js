// Sorts the table of students by a column, and shows only those that are searched for.
"use strict";
{
const box = document.querySelector(".students");
const table = box.querySelector("table");
const headings = [...table.tHead.rows[0].cells];
const form = document.querySelector(".search");
const search = form.querySelector("input");
const filters = [...form.querySelectorAll("select")];
const said = headings.findIndex(heading => heading.textContent === "Remarks");

// The browser lays out only those parts of the table that are in view.
const parts = [...table.tBodies];
const size = parts[0].rows.length;
const students = parts.flatMap(part => [...part.rows]).map(row => ({
  row,
  text: folded(`${row.cells[0].textContent} ${row.cells[said].textContent}`),
  keys: (row.dataset.keys ?? "").split(" "),
}));

function folded(text) {
  return text.normalize("NFKC").toLowerCase();
}

function show() {
  const words = folded(search.value).split(/\s+/);
  const keys = filters.map(filter => filter.value).filter(Boolean);
  const found = students.filter(student =>
    words.every(word => student.text.includes(word)) &&
    keys.every(key => student.keys.includes(key)));
  const rows = found.map(student => student.row);
  parts.forEach((part, n) => part.replaceChildren(...rows.slice(n * size, (n + 1) * size)));
  box.scrollTop = 0;
  const all = students.length.toLocaleString("en");
  form.querySelector("output").textContent =
    `${found.length === students.length ? all : `${found.length.toLocaleString("en")} of ${all}`} shown`;
}

function sortBy(heading) {
  const sign = heading.ariaSort === "ascending" ? -1 : 1;
  const inOrder = heading.classList.contains("text")
    ? new Intl.Collator("en", { numeric: true }).compare
    : (a, b) => a - b;
  for (const student of students) {
    const cell = student.row.cells[heading.cellIndex];
    const value = cell.dataset.value ?? cell.textContent;
    student.value = heading.classList.contains("text") ? value : parseFloat(value);
    student.empty = value === "" || Number.isNaN(student.value);
  }
  students.sort((a, b) => a.empty || b.empty
    ? a.empty - b.empty // what has no value comes last in both directions
    : sign * inOrder(a.value, b.value));
  headings.forEach(other => other.removeAttribute("aria-sort"));
  heading.ariaSort = sign === 1 ? "ascending" : "descending";
  show();
}

// Puts a button around what is in a cell.
function makeButton(cell, action) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...cell.childNodes);
  button.addEventListener("click", action);
  cell.append(button);
  return button;
}

headings.forEach(heading => makeButton(heading, () => sortBy(heading)));

// A number of students in another table shows these students.
for (const cell of document.querySelectorAll("[data-key]")) {
  const filter = filters.find(one => one.querySelector(`[value="${cell.dataset.key}"]`));
  makeButton(cell, () => {
    form.reset();
    filter.value = cell.dataset.key;
    show();
    form.scrollIntoView();
    filter.focus();
  }).title = "Show these students";
}

form.addEventListener("input", show);
form.addEventListener("reset", () => setTimeout(show)); // after the fields are empty
form.addEventListener("submit", event => event.preventDefault());
form.hidden = false;
show();
}
