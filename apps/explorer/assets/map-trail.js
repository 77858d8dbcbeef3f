// The trail of an expression on a map: arrows from its first word through its sums to the word that is nearest, as the
// server placed them (map/trail.py). Sums are hollow: they are no words, and where they are is an estimate.
(function () {
  "use strict";

  const HEAD = 9, GAP = 8, MARK = 6, LINE = 16; // pixels: of an arrow; around a mark, which is so large; of a label
  const ASIDE = 4, LEAST = 200, CLOSEST = 60; // pixels; a trail should be so long; times the whole map's size

  // Draws it; gives the boxes of its marks and labels, which other labels leave free.
  function trail(map, project) {
    const { ctx, camera, spec } = map, boxes = [];
    if (!spec.trail) return boxes;
    const { steps, to } = spec.trail, stops = steps.map((step) => camera.pixel(step));
    const way = to === null ? stops : [...stops, project(to)];
    way.slice(1).forEach((end, i) => arrow(ctx, way[i], end, spec.theme, i + 1 === stops.length));
    steps.forEach((step, i) => mark(ctx, stops[i], step.word, spec.theme));
    for (const [x, y] of stops) boxes.push({ word: "", x0: x - MARK, x1: x + MARK, y0: y - MARK, y1: y + MARK });
    steps.forEach((step, i) => {
      const beside = [way[i - 1], way[i + 1]].filter(Boolean), [, y] = stops[i];
      const under = beside.reduce((sum, [, other]) => sum + other - y, 0) < 0; // where fewer arrows are
      write(ctx, step.label, stops[i], under, camera.size, spec.theme, boxes);
    });
    return boxes;
  }

  function arrow(ctx, [ax, ay], [bx, by], { accent, paper }, last) {
    const far = Math.hypot(bx - ax, by - ay);
    if (far < 3 * GAP) return; // as good as one place
    const [ux, uy] = [(bx - ax) / far, (by - ay) / far];
    const [sx, sy] = [-uy * ASIDE, ux * ASIDE]; // the way back lies beside the way there
    const from = [ax + ux * GAP + sx, ay + uy * GAP + sy], tip = [bx - ux * GAP + sx, by - uy * GAP + sy];
    const neck = [tip[0] - ux * HEAD, tip[1] - uy * HEAD];
    for (const [color, width] of [[paper, 5], [accent, 2]]) {
      ctx.beginPath();
      ctx.moveTo(...from);
      ctx.lineTo(...neck);
      Object.assign(ctx, { strokeStyle: color, lineWidth: width });
      ctx.setLineDash(last && color === accent ? [5, 4] : []);
      ctx.stroke();
    }
    ctx.setLineDash([]);
    ctx.beginPath();
    ctx.moveTo(...tip);
    ctx.lineTo(neck[0] - (uy * HEAD) / 2, neck[1] + (ux * HEAD) / 2);
    ctx.lineTo(neck[0] + (uy * HEAD) / 2, neck[1] - (ux * HEAD) / 2);
    ctx.closePath();
    ctx.fillStyle = accent;
    ctx.fill();
  }

  function mark(ctx, [x, y], word, { accent, paper }) {
    ctx.beginPath();
    ctx.arc(x, y, MARK - 0.5, 0, 2 * Math.PI);
    ctx.fillStyle = word ? accent : paper;
    ctx.fill();
    Object.assign(ctx, { strokeStyle: word ? paper : accent, lineWidth: word ? 1.5 : 2.5 });
    ctx.stroke();
  }

  // A label over its mark or under it, else beside it; where all that is taken, a line further.
  function write(ctx, label, [x, y], under, size, { accent, paper }, boxes) {
    if (x < 0 || y < 0 || x > size.width || y > size.height) return;
    Object.assign(ctx, { font: `600 13px ${window.embviz.FONT}`, textAlign: "center", lineJoin: "round" });
    const half = ctx.measureText(label).width / 2;
    const middle = Math.min(Math.max(x, half + 4), size.width - half - 4); // not over the edge
    const box = ([cx, base]) => ({ word: label, x0: cx - half - 3, x1: cx + half + 3, y0: base - 13, y1: base + 3 });
    const free = (a) => !boxes.some((b) => a.x0 < b.x1 && b.x0 < a.x1 && a.y0 < b.y1 && b.y0 < a.y1);
    const over = [[middle, y - 11], [middle, y + 22]];
    const beside = [x + half + 12, x - half - 12].filter((at) => at > half + 4 && at < size.width - half - 4);
    const places = [...(under ? over.reverse() : over), ...beside.map((at) => [at, y + 4])];
    for (let up = 1; up <= boxes.length; up++) places.push([middle, y - 11 - up * LINE], [middle, y + 22 + up * LINE]);
    const place = places.find((at) => free(box(at))) || places[0];
    Object.assign(ctx, { lineWidth: 5, strokeStyle: paper, fillStyle: accent });
    ctx.strokeText(label, ...place);
    ctx.fillText(label, ...place);
    boxes.push(box(place));
  }

  // Where to look from so that the whole trail is seen, and can be told apart; null where it is.
  function whole({ camera, points, spec }) {
    const { steps, to } = spec.trail, { width, height } = camera.size;
    const stops = to === null ? steps : [...steps, points.place(to)];
    const seen = stops.map((stop) => camera.pixel(stop));
    const long = [0, 1].some((i) => Math.max(...seen.map((at) => at[i])) - Math.min(...seen.map((at) => at[i])) > LEAST);
    if (long && seen.every(([x, y]) => x > 40 && y > 40 && x < width - 40 && y < height - 40)) return null;
    const span = (axis) => [Math.min(...stops.map((s) => s[axis])), Math.max(...stops.map((s) => s[axis]))];
    const [[x0, x1], [y0, y1]] = [span("x"), span("y")];
    const fits = Math.min((width - 200) / (x1 - x0 || 1e-9), (height - 160) / (y1 - y0 || 1e-9));
    return { x: (x0 + x1) / 2, y: (y0 + y1) / 2, scale: Math.max(camera.least, Math.min(CLOSEST * camera.whole().scale, fits)) };
  }

  Object.assign(window.embviz.marks, { trail, wholeTrail: whole });
})();
