// A map while it is being made: its points where they are so far, without words, gliding from each picture that the
// server has to the next. A map in 3 dimensions is drawn on the same canvas, as Plotly will first show it.
(function () {
  "use strict";

  const GLIDE = 380; // milliseconds from one picture to the next, about as often as the page asks
  const PLOTS = 4000; // milliseconds after which a map in space is no longer waited for
  const MARGIN = 8; // pixels around a figure of Plotly's (embviz/figures/theme.py)
  const live = { turn: 0, at: null };
  const picture = () => document.getElementById("map-picture");

  // Shows what the server tells of: nothing {} where there is no map yet or there will be none, null when it is there.
  async function show(told) {
    if (told?.url && told.url === live.told?.url) return;
    if (!told?.url && !live.told) return; // said before
    const turn = ++live.turn, before = live.told;
    if (!told?.url) {
      cancelAnimationFrame(live.frame);
      if (told && live.at) clear();
      live.at = live.told = null;
      if (before?.solid) await (told ? null : plotted());
      if (before?.solid && turn === live.turn) giveWay();
      return;
    }
    live.told = told;
    const answer = await fetch(told.url);
    const places = answer.ok ? new Uint16Array(await answer.arrayBuffer()) : [];
    if (turn !== live.turn || !places.length) return;
    if (Boolean(before?.solid) !== Boolean(told.solid)) live.at = null;
    glide(places, told);
  }

  // A map in space is plotted, or never will be.
  function plotted() {
    const graph = document.querySelector("#map-graph .js-plotly-plot");
    return new Promise((resolve) => {
      const drawn = () => requestAnimationFrame(() => requestAnimationFrame(resolve));
      if (document.documentElement.dataset.webgl === "none" || !graph?.once) return resolve();
      if (graph.data.length) return drawn(); // there was nothing on it before
      graph.once("plotly_afterplot", drawn);
      setTimeout(resolve, PLOTS);
    });
  }

  // Leaves the place to the map in space; a flat one that is there by now draws on the same canvas.
  function giveWay() {
    picture().classList.remove("moving");
    if (picture().dataset.dims === "3") clear();
  }

  function glide(to, told) {
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const from = !still && live.at?.length === to.length ? live.at : to, begun = performance.now();
    cancelAnimationFrame(live.frame);
    picture().classList.toggle("moving", Boolean(told.solid));
    const step = (now) => {
      const t = from === to ? 1 : Math.min(1, Math.max(0, now - begun) / GLIDE);
      live.at = t === 1 ? to : to.map((place, i) => from[i] + (place - from[i]) * t);
      paint(live.at, told);
      if (t < 1) live.frame = requestAnimationFrame(step);
    };
    step(begun);
  }

  function clear() {
    const canvas = document.getElementById("map-sheet");
    canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
  }

  function paint(places, { solid, theme }) {
    const canvas = document.getElementById("map-sheet"), dpr = window.devicePixelRatio || 1;
    const width = Math.round(canvas.clientWidth * dpr), height = Math.round(canvas.clientHeight * dpr);
    if (!width || !height) return;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const n = places.length / 2, buffer = new ArrayBuffer(5 * n); // no level: no word is labelled
    new Uint16Array(buffer, 0, 2 * n).set(places);
    const points = new window.embviz.Points(buffer), image = new ImageData(width, height);
    const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
    const whole = Math.max(60, Math.min(canvas.clientWidth - 80, canvas.clientHeight - 60));
    const scale = solid ? solid.across * (canvas.clientHeight - 2 * MARGIN) : whole;
    points.paint(null); // all shown, so that each is as large as it will be
    if (solid) points.radius = () => solid.radius;
    points.draw(image, { x: 0.5, y: 0.5, scale }, dpr, Array(256).fill(rgb(theme.point)), rgb(theme.paper));
    canvas.getContext("2d").putImageData(image, 0, 0);
    live.drawn = (live.drawn || 0) + 1;
  }

  Object.assign(window.embviz, { live, showLive: show });
})();
