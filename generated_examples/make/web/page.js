"use strict";
// Pictures go to the server as gray bytes, row by row; the networks answer with probabilities.

const $ = (id) => document.getElementById(id);
const DRAWING = 140; // side of the drawing as it is sent, in pixels
const FACE = 64; // what the emotion network reads
const PEN = 22; // of 280

// ------------------------------------------------------------------ asking

function base64(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

async function ask(path, pixels) {
  let response;
  try {
    const body = JSON.stringify({ pixels: base64(pixels) });
    response = await fetch(path, { method: "POST", body });
  } catch {
    throw new Error("server: expected an answer, got none; is make demo-web still running?");
  }
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

// One question at a time: what is drawn meanwhile is asked about once the answer is there.
function asker(name, pixels, show) {
  let timer = 0, busy = false, again = false, round = 0;
  async function go() {
    timer = 0;
    if (busy) { again = true; return; }
    busy = true;
    const asked = round;
    try {
      const answer = await ask(name, pixels());
      if (asked === round) show(answer);
    } catch (error) {
      if (asked === round) complain(name, error.message);
    }
    busy = false;
    if (again) { again = false; later(); }
  }
  function later() { if (!timer) timer = setTimeout(go, 40); }
  function forget() { clearTimeout(timer); timer = 0; again = false; round += 1; }
  return { later, forget };
}

// ------------------------------------------------------------------ bars

function makeBars(name, labels) {
  $(`${name}-bars`).replaceChildren(...labels.map((label) => {
    const row = document.createElement("li");
    row.innerHTML = '<span class="label"></span><span class="track"><span class="fill"></span></span><span class="share"></span>';
    row.firstChild.textContent = row.dataset.label = label;
    return row;
  }));
}

function showBars(name, probabilities) {
  const best = probabilities && probabilities.indexOf(Math.max(...probabilities));
  [...$(`${name}-bars`).children].forEach((row, i) => {
    const p = probabilities ? probabilities[i] : 0;
    row.classList.toggle("best", i === best);
    row.querySelector(".fill").style.transform = `scaleX(${p})`;
    row.querySelector(".share").textContent = probabilities ? `${(100 * p).toFixed(1)} %` : "";
  });
  return best;
}

function say(name, text, isError = false) {
  $(`${name}-verdict`).textContent = text;
  $(`${name}-verdict`).classList.toggle("error", isError);
}

function complain(name, message) {
  showBars(name, null);
  say(name, message, true);
}

function showGrey(canvas, gray) {
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  gray.forEach((shade, i) => image.data.set([shade, shade, shade, 255], 4 * i));
  context.putImageData(image, 0, 0);
}

// ------------------------------------------------------------------ the digit

const paper = $("paper").getContext("2d");
const shrunk = new OffscreenCanvas(DRAWING, DRAWING).getContext("2d", { willReadFrequently: true });
const drawing = asker("digit", readInk, (answer) => {
  say("digit", `This is a ${showBars("digit", answer.probabilities)}`);
  showGrey($("seen"), answer.seen);
});
let pen = null;

// The paper is transparent, so that ink is what is opaque, whatever its color.
function readInk() {
  shrunk.clearRect(0, 0, DRAWING, DRAWING);
  shrunk.drawImage($("paper"), 0, 0, DRAWING, DRAWING);
  const { data } = shrunk.getImageData(0, 0, DRAWING, DRAWING);
  return Uint8Array.from({ length: DRAWING * DRAWING }, (_, i) => data[4 * i + 3]);
}

function place(event) {
  const box = $("paper").getBoundingClientRect();
  const scale = $("paper").width / box.width;
  return { x: (event.clientX - box.left) * scale, y: (event.clientY - box.top) * scale };
}

function stroke(to) {
  Object.assign(paper, { lineWidth: PEN, lineCap: "round", lineJoin: "round" });
  paper.strokeStyle = getComputedStyle($("paper")).color;
  paper.beginPath();
  paper.moveTo(pen.x, pen.y);
  paper.lineTo(to.x, to.y);
  paper.stroke();
  pen = { ...to, id: pen.id };
  drawing.later();
}

$("paper").addEventListener("pointerdown", (event) => {
  if (pen || event.button) return;
  $("paper").setPointerCapture(event.pointerId);
  pen = { ...place(event), id: event.pointerId };
  stroke(pen); // a dot
});
$("paper").addEventListener("pointermove", (event) => {
  if (pen?.id !== event.pointerId) return;
  const all = event.getCoalescedEvents?.() ?? [];
  for (const each of all.length ? all : [event]) stroke(place(each));
});
for (const end of ["pointerup", "pointercancel"]) {
  $("paper").addEventListener(end, (event) => { if (pen?.id === event.pointerId) pen = null; });
}
$("clear").addEventListener("click", () => {
  paper.clearRect(0, 0, $("paper").width, $("paper").height);
  $("seen").getContext("2d").clearRect(0, 0, 28, 28);
  drawing.forget();
  showBars("digit", null);
  say("digit", "Draw a digit");
});

// ------------------------------------------------------------------ the face

const face = $("face").getContext("2d");
const small = $("small").getContext("2d", { willReadFrequently: true });
const looking = asker("emotion", readFace, (answer) => {
  const best = showBars("emotion", answer.probabilities);
  say("emotion", `Looks ${$("emotion-bars").children[best].dataset.label}`);
});
let photo = null; // { image, x, y }: the center of what is cut out, in the picture's pixels
let grip = null;

const cutSide = () => Math.min(photo.image.width, photo.image.height) / $("zoom").value;

function showFace() {
  const side = cutSide();
  const within = (center, length) => Math.min(Math.max(center, side / 2), length - side / 2);
  photo.x = within(photo.x, photo.image.width);
  photo.y = within(photo.y, photo.image.height);
  face.clearRect(0, 0, 320, 320);
  face.drawImage(photo.image, photo.x - side / 2, photo.y - side / 2, side, side, 0, 0, 320, 320);
  looking.later();
}

// Shrunk by halves: a browser that skips from 1000 pixels to 64 leaves most of them out.
function shrink(side) {
  let from = photo.image, x = photo.x - side / 2, y = photo.y - side / 2;
  while (side > 2 * FACE) {
    const half = Math.ceil(side / 2);
    const next = new OffscreenCanvas(half, half);
    next.getContext("2d").drawImage(from, x, y, side, side, 0, 0, half, half);
    [from, x, y, side] = [next, 0, 0, half];
  }
  small.fillStyle = "#fff"; // what is transparent counts as white
  small.fillRect(0, 0, FACE, FACE);
  small.drawImage(from, x, y, side, side, 0, 0, FACE, FACE);
}

function readFace() {
  shrink(cutSide());
  const { data } = small.getImageData(0, 0, FACE, FACE);
  const gray = Uint8Array.from({ length: FACE * FACE }, (_, i) =>
    Math.round(0.299 * data[4 * i] + 0.587 * data[4 * i + 1] + 0.114 * data[4 * i + 2]));
  showGrey($("small"), gray);
  return gray;
}

async function open(file) {
  looking.forget();
  try {
    const image = await createImageBitmap(file);
    photo = { image, x: image.width / 2, y: image.height / 2 };
    $("zoom").value = 1;
    $("zoom").disabled = false;
    $("empty").hidden = true;
    showFace();
  } catch {
    complain("emotion", `${file.name}: expected a picture, got something else`);
  }
}

$("file").addEventListener("change", () => { if ($("file").files[0]) open($("file").files[0]); });
$("zoom").addEventListener("input", showFace);
$("face").addEventListener("pointerdown", (event) => {
  if (!photo) { $("file").click(); return; }
  $("face").setPointerCapture(event.pointerId);
  grip = { x: event.clientX, y: event.clientY };
});
$("face").addEventListener("pointermove", (event) => {
  if (!grip) return;
  const scale = cutSide() / $("face").getBoundingClientRect().width;
  photo.x -= (event.clientX - grip.x) * scale;
  photo.y -= (event.clientY - grip.y) * scale;
  grip = { x: event.clientX, y: event.clientY };
  showFace();
});
for (const end of ["pointerup", "pointercancel"]) {
  $("face").addEventListener(end, () => { grip = null; });
}
$("emotion").addEventListener("dragover", (event) => event.preventDefault());
$("emotion").addEventListener("drop", (event) => {
  event.preventDefault();
  if (event.dataTransfer.files[0]) open(event.dataTransfer.files[0]);
});

// ------------------------------------------------------------------ tabs

const tabs = [...document.querySelectorAll("[role=tab]")];

function choose(tab) {
  for (const each of tabs) {
    each.setAttribute("aria-selected", each === tab);
    each.tabIndex = each === tab ? 0 : -1;
    $(each.getAttribute("aria-controls")).hidden = each !== tab;
  }
}

for (const tab of tabs) {
  tab.addEventListener("click", () => choose(tab));
  tab.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    const other = tabs[(tabs.indexOf(tab) + 1) % tabs.length]; // there are two
    choose(other);
    other.focus();
  });
}

async function start() {
  const models = await (await fetch("models")).json();
  for (const [name, labels] of Object.entries(models)) makeBars(name, labels);
  $("howto").hidden = "emotion" in models;
  $("face-picture").hidden = $("face-answer").hidden = !("emotion" in models);
}

start();
