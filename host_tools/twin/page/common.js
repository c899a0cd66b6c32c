// What the page of one seesaw and that of a fleet share: keys and buttons, time, log, the server.
"use strict";

const $ = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";
const RETRY_MS = 2000;
const LINES_MAX = 60;
let lastLine = 0;

const put = (id, text) => {
  if ($(id).textContent !== text) $(id).textContent = text; // quiet for screen readers
};

const clock = (seconds) =>
  `${Math.floor(seconds / 60)}:${String(Math.floor(seconds) % 60).padStart(2, "0")}`;

// -- keys and buttons -------------------------------------------------------------------------

function makeButton(action, key, label = "") {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.action = action;
  button.dataset.key = key;
  button.setAttribute("aria-keyshortcuts", key);
  const hint = Object.assign(document.createElement("kbd"), { textContent: key, ariaHidden: "true" });
  button.append(hint, " ", Object.assign(document.createElement("b"), { textContent: label }));
  button.addEventListener("click", press);
  return button;
}

async function press(event) {
  const button = event.currentTarget;
  if (button.getAttribute("aria-disabled") === "true") return;
  const answer = await fetch(`/actions/${button.dataset.action}`, { method: "POST" }).catch(() => null);
  if (!answer?.ok) link("That did not reach the seesaw.", false);
}

for (const button of document.querySelectorAll("button[data-action]")) button.addEventListener("click", press);
document.addEventListener("keydown", (event) => {
  if (!$("keys").checked || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
  document.querySelector(`button[data-key="${CSS.escape(event.key)}"]`)?.click();
});

// -- time -------------------------------------------------------------------------------------

function showPace(pace) {
  if ($("speeds").children.length !== pace.speeds.length) {
    $("speeds").replaceChildren(...pace.speeds.map((speed, at) =>
      makeButton(`speed-${speed}`, String(at + 1), `${speed} ×`)));
  }
  pace.speeds.forEach((speed, at) => {
    $("speeds").children[at].setAttribute("aria-pressed", String(speed === pace.speed));
  });
  put("pace", paceWords(pace));
}

function paceWords(pace) {
  if (pace.speeds.length === 1) return "A real MicroPython knows real time alone: seesaw twin can hurry.";
  if (pace.short) return `This machine is too slow: it reaches ${pace.reached} times.`;
  return pace.speed === 1 ? "In real time." : `${pace.speed} times real time, and kept up.`;
}

// -- the log ----------------------------------------------------------------------------------

function forgetLines() {
  lastLine = 0;
  $("log").replaceChildren();
}

function addLines(lines) {
  for (const line of lines.filter((one) => one.seq > lastLine)) {
    lastLine = line.seq;
    const item = document.createElement("li");
    item.dataset.kind = line.kind;
    item.append(Object.assign(document.createElement("time"), { textContent: clock(line.t) }), line.text);
    $("log").prepend(item);
  }
  while ($("log").children.length > LINES_MAX) $("log").lastChild.remove();
}

// -- the server -------------------------------------------------------------------------------

// draw: event -> what draws its data. lost: called when the server has gone.
function connect(draw, lost = () => {}) {
  const source = new EventSource("/events");
  for (const [name, show] of Object.entries(draw)) {
    source.addEventListener(name, (event) => show(JSON.parse(event.data)));
  }
  source.onopen = () => link("Connected", true);
  source.onerror = () => {
    lost();
    link("Not connected. Does it still run?", false);
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, RETRY_MS, draw, lost);
  };
}

function link(words, good) {
  put("link", words);
  document.body.classList.toggle("lost", !good);
}
