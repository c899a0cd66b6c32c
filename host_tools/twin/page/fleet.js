// Draws what the fleet's server tells: `state`, a few times a second.
"use strict";

const $ = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";
const STATUSES = ["confirmed", "trial", "installing", "old", "rejected", "ended"];
const RETRY_MS = 2000;
const LINES_MAX = 60;
let run = 0;
let lastLine = 0;

const put = (id, text) => {
  if ($(id).textContent !== text) $(id).textContent = text; // quiet for screen readers
};

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
    lastLine = 0;
    $("log").replaceChildren();
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
  state.log.filter((line) => line.seq > lastLine).forEach(addLine);
}

const able = (action, can) =>
  document.querySelector(`[data-action=${action}]`).setAttribute("aria-disabled", String(!can));

function clock(seconds) {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds) % 60).padStart(2, "0")}`;
}

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

function showPace(pace) {
  if (!$("speeds").firstChild) {
    $("speeds").append(...pace.speeds.map((speed, at) => {
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.action = `speed-${speed}`;
      button.dataset.key = String(at + 1);
      button.setAttribute("aria-keyshortcuts", String(at + 1));
      const key = Object.assign(document.createElement("kbd"), { textContent: at + 1, ariaHidden: "true" });
      button.append(key, " ", Object.assign(document.createElement("b"), { textContent: `${speed} ×` }));
      button.addEventListener("click", press);
      return button;
    }));
  }
  pace.speeds.forEach((speed, at) => {
    $("speeds").children[at].setAttribute("aria-pressed", String(speed === pace.speed));
  });
  put("pace", pace.short ? `This machine is too slow: it reaches ${pace.reached} times.`
    : pace.speed === 1 ? "In real time." : `${pace.speed} times real time, and kept up.`);
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

function addLine(line) {
  lastLine = line.seq;
  const item = document.createElement("li");
  item.dataset.kind = line.kind;
  item.append(Object.assign(document.createElement("time"), { textContent: clock(line.t) }), line.text);
  $("log").prepend(item);
  while ($("log").children.length > LINES_MAX) $("log").lastChild.remove();
}

function connect() {
  const source = new EventSource("/events");
  source.addEventListener("state", (event) => show(JSON.parse(event.data)));
  source.onopen = () => link("Connected", true);
  source.onerror = () => {
    link("Not connected. Does seesaw twin still run?", false);
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, RETRY_MS);
  };
}

function link(words, good) {
  put("link", words);
  document.body.classList.toggle("lost", !good);
}

async function press(event) {
  const button = event.currentTarget;
  if (button.getAttribute("aria-disabled") === "true") return;
  const answer = await fetch(`/actions/${button.dataset.action}`, { method: "POST" }).catch(() => null);
  if (!answer?.ok) link("That did not reach the seesaws.", false);
}

for (const button of document.querySelectorAll("button[data-action]")) button.addEventListener("click", press);
document.addEventListener("keydown", (event) => {
  if (!$("keys").checked || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
  document.querySelector(`button[data-key="${CSS.escape(event.key)}"]`)?.click();
});
connect();
