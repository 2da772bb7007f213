"use strict";
// Tables sort by the column that is clicked; figures open wide on a small screen. Without this
// script the page reads the same.

// The number that a cell begins with, such as 0.68 of "0.68 [0.66, 0.70]"; NaN for words.
function leading(text) {
  const found = text.replace(/,(?=\d{3})/g, "").match(/^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?/i);
  return found ? parseFloat(found[0]) : NaN;
}

// Numbers before words, empty cells last whichever the direction.
function compare(a, b, direction) {
  if (!a.text || !b.text) return (a.text ? 0 : 1) - (b.text ? 0 : 1);
  const worded = Number.isNaN(a.number) - Number.isNaN(b.number);
  if (worded) return worded;
  const order = Number.isNaN(a.number) ? a.text.localeCompare(b.text) : a.number - b.number;
  return direction * order;
}

function sort(heading) {
  const table = heading.closest("table");
  const column = heading.cellIndex;
  const down = heading.getAttribute("aria-sort") === "descending";
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", down ? "ascending" : "descending");
  for (const body of table.tBodies) {
    const rows = [...body.rows].filter((row) => !row.classList.contains("group"));
    const keyed = rows.map((row) => {
      const text = row.cells[column].textContent.trim();
      return { row, text, number: leading(text) };
    });
    keyed.sort((a, b) => compare(a, b, down ? 1 : -1));
    body.append(...keyed.map((one) => one.row));
  }
}

for (const heading of document.querySelectorAll("table.sortable thead th")) {
  const button = document.createElement("button");
  button.type = "button";
  button.title = "Sort by this column";
  button.append(...heading.childNodes);
  button.addEventListener("click", () => sort(heading));
  heading.append(button);
}

for (const button of document.querySelectorAll("figure button")) {
  button.addEventListener("click", () => {
    const large = button.closest("figure").querySelector(".picture").classList.toggle("large");
    button.setAttribute("aria-pressed", String(large));
  });
}

// The list of contents is open beside the text, and closed above it on a small screen.
for (const contents of document.querySelectorAll("nav > details")) {
  contents.open = window.matchMedia("(min-width: 60rem)").matches;
}

// A link to what stands in a folded part opens it.
function unfold() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let part = target; part; part = part.parentElement) {
    if (part.tagName === "DETAILS") part.open = true;
  }
  if (target) target.scrollIntoView();
}
window.addEventListener("hashchange", unfold);
unfold();
