// What a cell of a strip stands for, below it: by mouse, finger, or Tab and the arrow keys.
"use strict";
const STEPS = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 64, ArrowUp: -64 };

for (const strip of document.querySelectorAll("details")) {
  const said = strip.querySelector(".said");
  const cells = [...strip.querySelectorAll(".cell")];
  if (!said || !cells.length) continue;
  const say = (event) => {
    if (!event.target.classList.contains("cell")) return;
    said.textContent = event.target.querySelector("title").textContent;
  };
  for (const name of ["mouseover", "focusin", "click"]) strip.addEventListener(name, say);
  strip.addEventListener("keydown", (event) => {
    const at = cells.indexOf(document.activeElement);
    const next = cells[at + STEPS[event.key]];
    if (at < 0 || !next) return;
    event.preventDefault();
    cells[at].tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });
}
