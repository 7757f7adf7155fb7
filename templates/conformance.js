"use strict";
const failures = JSON.parse(document.getElementById("failures").textContent);
const details = document.getElementById("details");
const filter = document.getElementById("filter");

function add(parent, kind, text, className) {
  const made = document.createElement(kind);
  made.textContent = text;
  if (className) made.className = className;
  return parent.appendChild(made);
}

function show(cell) {
  const cases = failures[cell.dataset.at] || [];
  details.replaceChildren();
  const close = add(details, "button", "close", "close");
  close.addEventListener("click", () => { details.hidden = true; cell.focus(); });
  add(details, "h2", cell.title);
  if (!cases.length) add(details, "p", "Nothing to show: all cases pass.");
  for (const [name, verdict, reason, command] of cases) {
    const line = add(details, "div", "");
    add(line, "span", verdict, "verdict");
    add(line, "span", " " + name);
    add(details, "pre", (reason ? reason + "\n" : "") + (command ? "$ " + command : ""));
  }
  details.hidden = false;
}

function select(suite) {
  for (const tab of document.querySelectorAll("nav button"))
    tab.setAttribute("aria-selected", String(tab.dataset.suite === suite));
  for (const section of document.querySelectorAll("section"))
    section.hidden = section.dataset.suite !== suite;
  details.hidden = true;
}

document.addEventListener("click", (event) => {
  const cell = event.target.closest(".cell");
  const tab = event.target.closest("nav button");
  if (cell) show(cell);
  if (tab) select(tab.dataset.suite);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") details.hidden = true;
});
filter.addEventListener("input", () => {
  const wanted = filter.value.toLowerCase();
  for (const row of document.querySelectorAll("tr[data-operator]"))
    row.hidden = !row.dataset.operator.toLowerCase().includes(wanted);
});
