// A map while it is being made: its points where they are so far, without words, gliding from each picture that the
// server has to the next.
(function () {
  "use strict";

  const GLIDE = 380; // milliseconds from one picture to the next, about as often as the page asks
  const live = { turn: 0, at: null };

  // Shows what the server tells of: nothing {} where there is no map yet or there will be none, null when it is there.
  async function show(told) {
    if (told?.url && told.url === live.told?.url) return;
    const turn = ++live.turn;
    if (!told?.url) {
      cancelAnimationFrame(live.frame);
      if (told && live.at) clear();
      live.at = live.told = null;
      return;
    }
    live.told = told;
    const answer = await fetch(told.url);
    const places = answer.ok ? new Uint16Array(await answer.arrayBuffer()) : [];
    if (turn === live.turn && places.length) glide(places, told.theme);
  }

  function glide(to, theme) {
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const from = !still && live.at?.length === to.length ? live.at : to, begun = performance.now();
    cancelAnimationFrame(live.frame);
    const step = (now) => {
      const t = from === to ? 1 : Math.min(1, Math.max(0, now - begun) / GLIDE);
      live.at = t === 1 ? to : to.map((place, i) => from[i] + (place - from[i]) * t);
      paint(live.at, theme);
      if (t < 1) live.frame = requestAnimationFrame(step);
    };
    step(begun);
  }

  function clear() {
    const canvas = document.getElementById("map-sheet");
    canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
  }

  function paint(places, theme) {
    const canvas = document.getElementById("map-sheet"), dpr = window.devicePixelRatio || 1;
    const width = Math.round(canvas.clientWidth * dpr), height = Math.round(canvas.clientHeight * dpr);
    if (!width || !height) return;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const n = places.length / 2, buffer = new ArrayBuffer(5 * n); // no level: no word is labelled
    new Uint16Array(buffer, 0, 2 * n).set(places);
    const points = new window.embviz.Points(buffer), image = new ImageData(width, height);
    const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
    const scale = Math.max(60, Math.min(canvas.clientWidth - 80, canvas.clientHeight - 60));
    points.draw(image, { x: 0.5, y: 0.5, scale }, dpr, Array(256).fill(rgb(theme.point)), rgb(theme.paper));
    canvas.getContext("2d").putImageData(image, 0, 0);
    live.drawn = (live.drawn || 0) + 1;
  }

  Object.assign(window.embviz, { live, showLive: show });
})();
