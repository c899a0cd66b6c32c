// Draws what the seesaw's server tells: `beam` with every pulse, `state` with all the rest.
"use strict";

const stillness = matchMedia("(prefers-reduced-motion: reduce)");
const STILL_MS = 1000; // between two drawings of a moving beam, for people who asked for stillness
const LAGS_MAX = 500;
const MINUS = "\u2212";

let limits = { low_us: 1000, high_us: 2000 };
let power = false;
let drawnAt = 0;
let run = 0;
let fresh = false; // the first beam after a connection may be an old one
window.seesaw = { lags: [] }; // milliseconds from a pulse to its drawing, newest last

const signed = (value, digits) => {
  const text = Math.abs(value).toFixed(digits);
  return Number(text) === 0 ? text : (value < 0 ? MINUS : "+") + text;
};

// -- the beam ---------------------------------------------------------------------------------

function drawBeam(beam) {
  const now = Date.now();
  const moving = beam.pulse_us > 0;
  if (moving && stillness.matches && now - drawnAt < STILL_MS) return;
  drawnAt = now;
  $("beam").setAttribute("transform", `rotate(${(-beam.angle).toFixed(3)})`);
  if (fresh) noteLag(Date.now() - beam.at_ms);
  document.body.classList.toggle("driven", moving);
  put("angle", `${signed(beam.angle, 1)}°`);
  put("end", beam.angle > 0.05 ? "the bull is up" : beam.angle < -0.05 ? "the bear is up" : "level");
  put("pulse", power && beam.last_us ? `${Math.round(beam.last_us)} µs` : "—");
  put("driven", moving ? "moving" : power ? "at rest" : "no power");
  const part = (beam.last_us - limits.low_us) / (limits.high_us - limits.low_us);
  $("needle").style.left = `${100 * (beam.last_us ? Math.min(Math.max(part, 0), 1) : 0.5)}%`;
}

function noteLag(lag) {
  const { lags } = window.seesaw;
  lags.push(lag);
  if (lags.length > LAGS_MAX) lags.shift();
  const middle = [...lags.slice(-50)].sort((a, b) => a - b)[Math.floor(Math.min(lags.length, 50) / 2)];
  put("lag", `, ${Math.max(1, Math.round(middle))} ms after each`);
}

// -- all the rest -----------------------------------------------------------------------------

function show(state) {
  power = state.power;
  limits = state.limits;
  document.body.classList.toggle("unpowered", !power);
  put("instrument", state.instrument);
  put("plate", state.instrument);
  put("market", marketWords(state.market));
  showQuote(state);
  put("version", state.running.version || "—");
  put("slot", state.running.slot ? slotWords(state.running) : "nothing runs");
  put("trust", state.running.trust);
  state.slots.forEach(showSlot);
  showFlash(state.flash);
  showFaults(state.faults);
  showPace(state.pace);
  put("engine", state.pace.speeds.length > 1 ? " on CPython, in virtual time" : " on the real MicroPython");
  if (run !== state.run) {
    run = state.run;
    forgetLines();
  }
  addLines(state.log);
}

const slotWords = (running) => `slot ${running.slot}, ${running.trial ? "on trial" : "confirmed"}`;

function marketWords(market) {
  const speed = market.rate === 1 ? "" : `, ${market.rate} times as fast as the board`;
  if (market.recorded) return `Recorded market: ${market.time}`;
  return `${market.simulated ? "Simulated" : "Real"} market${speed}: ${market.time}`;
}

function showQuote(state) {
  const change = state.change_percent;
  put("price", state.price ?? "—");
  put("percent", change === null ? "no price" : `${signed(change, 2)} %`);
  put("since", change === null ? "" : state.change_since);
  put("arrow", !change ? "" : change > 0 ? "▲" : "▼");
  $("change").className = !change ? "" : change > 0 ? "up" : "down";
  put("feed", state.feed.words);
  $("feed").dataset.state = state.feed.state;
  const moved = change === null ? "" : `: ${state.instrument} ${signed(change, 2)} %`;
  put("picture-title", `A bear and a bull on a seesaw, the bull up in a rising market${moved}`);
  document.title = change === null ? "Bull & Bear" : `${signed(change, 2)} % · Bull & Bear`;
}

function showSlot(slot) {
  const card = document.querySelector(`[data-label=${slot.label}]`);
  if (!card) return;
  if (!card.firstChild) {
    for (const name of ["letter", "badge", "release", "words"]) {
      const part = document.createElement(name === "letter" ? "h3" : "p");
      part.className = name;
      card.append(part);
    }
  }
  card.dataset.status = slot.status;
  card.classList.toggle("runs", slot.runs);
  const texts = [`Slot ${slot.letter}`, BADGES[slot.status] ?? slot.status, slot.version || "—", slot.words];
  texts.forEach((text, at) => {
    if (card.children[at].textContent !== text) card.children[at].textContent = text;
  });
}

const BADGES = {
  running: "runs", confirmed: "runs, confirmed", trial: "runs on trial", reserve: "in reserve",
  installing: "installing", installed: "trial is next", interrupted: "interrupted",
  rejected: "rejected", failed: "not confirmed", empty: "empty", off: "no power",
};

// -- the flash --------------------------------------------------------------------------------

const COLUMNS = 64; // squares in a row
const CELL = 10;
let drawnFlash = "";

function showFlash(flash) {
  const now = JSON.stringify(flash);
  if (now === drawnFlash) return;
  drawnFlash = now;
  put("sector", `${flash.sector / 1024} KB`);
  const cells = flash.size / flash.sector;
  $("map").setAttribute("viewBox", `-1 -1 ${COLUMNS * CELL + 2} ${Math.ceil(cells / COLUMNS) * CELL + 2}`);
  $("map").replaceChildren(...flash.regions.flatMap((region) => drawRegion(region, flash)));
  const told = flash.regions.filter((region) => region.kind !== "free");
  document.querySelector("#regions tbody").replaceChildren(...told.map((region) => regionRow(region, flash)));
}

function drawRegion(region, flash) {
  const rects = [];
  const end = (region.offset + region.size) / flash.sector;
  for (let at = region.offset / flash.sector; at < end; ) {
    const column = at % COLUMNS;
    const count = Math.min(COLUMNS - column, end - at);
    for (let one = 0; one < count; one++) {
      const rect = document.createElementNS(SVG, "rect");
      rect.setAttribute("x", (column + one) * CELL);
      rect.setAttribute("y", Math.floor(at / COLUMNS) * CELL);
      rect.setAttribute("width", CELL - 1.5);
      rect.setAttribute("height", CELL - 1.5);
      rect.dataset.kind = region.kind;
      if (region.slot && region.slot === flash.runs) rect.classList.add("runs");
      rects.push(rect);
    }
    at += count;
  }
  return rects;
}

function regionRow(region, flash) {
  const row = document.createElement("tr");
  const runs = region.slot && region.slot === flash.runs;
  const slot = region.slot ? `Slot ${region.slot === "ota_0" ? "A" : "B"}: ` : "";
  row.classList.toggle("runs", Boolean(runs));
  const texts = [slot + region.words + (runs ? " (runs)" : ""), `0x${region.offset.toString(16)}`,
    `${region.size / 1024} KB`];
  texts.forEach((text) => row.append(Object.assign(document.createElement("td"), { textContent: text })));
  row.firstChild.dataset.kind = region.kind;
  return row;
}

// -- faults -----------------------------------------------------------------------------------

function showFaults(faults) {
  if (!$("faults").firstChild) {
    $("faults").append(...faults.map((fault) => makeButton(`fault-${fault.name}`, fault.key)));
  }
  faults.forEach((fault, at) => {
    const button = $("faults").children[at];
    const label = fault.held ? fault.mend : fault.label;
    if (button.lastChild.textContent !== label) button.lastChild.textContent = label;
    button.classList.toggle("held", fault.held);
    button.setAttribute("aria-disabled", String(!fault.possible));
    button.title = fault.possible ? fault.words : "Only simulated providers can be broken.";
  });
  const held = faults.filter((fault) => fault.held).map((fault) => fault.words);
  put("held", held.join(" ") || "Nothing is broken now.");
  $("held").classList.toggle("some", held.length > 0);
}

connect({
  state: show,
  beam: (beam) => {
    drawBeam(beam);
    fresh = true;
  },
}, () => { fresh = false; });
