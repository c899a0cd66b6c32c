// Draws what the fleet's server tells: `state`, a few times a second.
"use strict";

const STATUSES = ["confirmed", "trial", "installing", "old", "rejected", "ended"];
let run = 0;

const WORDS = {
  old: (unit, rollout) => (!rollout.version ? "Follows its market."
    : unit.place >= rollout.percent ? `Waits: its place is ${unit.place.toFixed(0)} of 100.`
    : rollout.halted ? "In the share; it is halted." : "In the share: looks soon."),
  installing: () => "Installs it.",
  trial: () => "On trial.",
  confirmed: () => "Confirmed: it proved itself.",
  rejected: () => "Rejected: the old one is back.",
  ended: () => "At its end.",
};

function show(state) {
  if (run !== state.run) {
    run = state.run;
    forgetLines();
    $("units").replaceChildren();
  }
  const { rollout, units, pace } = state;
  put("market", `${units.length} seesaws, ${clock(state.t)} after power-on`);
  put("rollout", rolloutWords(rollout));
  put("halt", rollout.halted ? "Let it go on" : "Halt it");
  put("next", rollout.last ? "All are asked." : "To more of them.");
  able("widen", rollout.version && !rollout.halted && !rollout.last);
  able("halt", rollout.version);
  showCounts(units);
  showPace(pace);
  units.forEach((unit) => showUnit(unit, rollout));
  addLines(state.log);
}

const able = (action, can) =>
  document.querySelector(`[data-action=${action}]`).setAttribute("aria-disabled", String(!can));

function rolloutWords(rollout) {
  if (!rollout.version) return "No release is offered.";
  const what = rollout.crashing ? `${rollout.version}, which crashes in its trial,` : rollout.version;
  return rollout.halted ? `${what} is halted.` : `${what} is offered to ${rollout.percent} % of them.`;
}

function showCounts(units) {
  const counts = STATUSES.map((status) => units.filter((unit) => unit.status === status).length);
  if (!$("bar").firstChild) {
    for (const status of STATUSES) {
      const part = document.createElement("div");
      part.dataset.status = status;
      $("bar").append(part);
    }
  }
  counts.forEach((count, at) => { $("bar").children[at].style.width = `${(100 * count) / units.length}%`; });
  const told = STATUSES.map((status, at) => counts[at] && `${counts[at]} ${status}`).filter(Boolean);
  put("counts", told.join(", "));
}

function showUnit(unit, rollout) {
  const card = $("units").children[unit.number - 1] ?? makeUnit(unit);
  card.dataset.status = unit.status;
  card.querySelector(".tilt").setAttribute("transform", `rotate(${-unit.angle})`);
  const texts = { ".release": unit.version || "—", ".words": WORDS[unit.status](unit, rollout) };
  for (const [part, text] of Object.entries(texts)) {
    if (card.querySelector(part).textContent !== text) card.querySelector(part).textContent = text;
  }
}

function makeUnit(unit) {
  const card = document.createElement("li");
  const title = Object.assign(document.createElement("h3"), { textContent: `${unit.number} · ${unit.instrument}` });
  title.title = `id ${unit.id}`;
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("viewBox", "60 40 840 330");
  picture.setAttribute("aria-hidden", "true");
  picture.innerHTML = '<path class="column" d="M470 226C468 290 452 330 424 358L536 358C508 330 492 290 490 226Z"/>'
    + '<g transform="translate(480 232)"><g class="tilt"><use href="#beam"/></g></g>';
  card.append(title, picture);
  for (const name of ["release", "words"]) {
    card.append(Object.assign(document.createElement("p"), { className: name }));
  }
  $("units").append(card);
  return card;
}

connect({ state: show });
