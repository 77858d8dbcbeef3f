// What is drawn over the points of a map: the selected word and lines to its true neighbours, the lasso and what it
// holds, names of clusters, what axes mean. Each takes the map, whose ctx is drawn on and whose spec says what there is.
(function () {
  "use strict";

  // Somebody zoomed into a place where no word is.
  function nothing(map, { width, height }) {
    const { ctx, spec } = map;
    ctx.font = `500 14px ${window.embviz.FONT}`;
    ctx.textAlign = "center";
    ctx.fillStyle = spec.theme.quiet;
    ctx.fillText(map.canvas.dataset.nothing || "", width / 2, height / 2, width - 20);
  }

  // What the four sides of a map by axes mean.
  function poles(map, { width, height }) {
    const { ctx, spec } = map;
    if (spec.axes.length !== 2) return;
    const [[left, right], [down, up]] = spec.axes;
    ctx.font = `700 14px ${window.embviz.FONT}`;
    ctx.lineWidth = 5;
    ctx.strokeStyle = spec.theme.paper;
    ctx.fillStyle = spec.theme.accent;
    const write = (text, x, y, align) => {
      ctx.textAlign = align;
      ctx.strokeText(text, x, y, width / 2);
      ctx.fillText(text, x, y, width / 2);
    };
    write(`← ${left}`, 14, height / 2, "left");
    write(`${right} →`, width - 14, height / 2, "right");
    write(`↑ ${up}`, width / 2, 26, "center");
    write(`↓ ${down}`, width / 2, height - 14, "center");
  }

  // The selected word and its true neighbours, and under them the pinned words and theirs.
  function links(map, project) {
    const { ctx, spec } = map, { theme } = spec, from = spec.selected === null ? null : project(spec.selected);
    for (const { row, color, near } of spec.pins)
      star(ctx, project(row), near.map(project), [color, color], row === spec.selected ? 10 : 6, theme.paper);
    star(ctx, from, spec.near.map(project), [theme.accent, theme.near], 7, theme.paper);
  }

  // Lines from a word to its true neighbours, wherever they landed; the marks of both. No lines from nowhere.
  function star(ctx, from, ends, [color, near], radius, paper) {
    ctx.strokeStyle = near;
    ctx.lineWidth = 1.2;
    ctx.globalAlpha = 0.75;
    for (const end of from ? ends : []) {
      ctx.beginPath();
      ctx.moveTo(...from);
      ctx.lineTo(...end);
      ctx.stroke();
    }
    ctx.globalAlpha = 1;
    for (const end of ends) dot(ctx, end, 4.5, near, paper);
    if (from) dot(ctx, from, radius, color, paper);
  }

  // How the words are written that are marked, the most important first, which get the first places.
  function styles({ selected, near, pins, trail, theme }) {
    const found = new Map(), more = (row, style) => found.has(row) || found.set(row, style);
    for (const row of [selected, trail?.to ?? null])
      if (row !== null) more(row, { color: theme.accent, size: 16, weight: 700, always: true });
    for (const pin of pins) more(pin.row, { color: pin.color, size: 14, weight: 700, always: true });
    for (const row of near) more(row, { color: theme.text, size: 13, weight: 600 });
    for (const row of pins.flatMap((pin) => pin.near)) more(row, { color: theme.text, size: 12 });
    return found;
  }

  // The names of clusters where they mostly lie, while one is far out; the largest first, none over another,
  // nor over what is written already. Gives the boxes of all that is written.
  function regions(map, colors, written) {
    const { ctx, camera, spec } = map, boxes = written.slice();
    if (camera.scale > 2.2 * camera.whole().scale) return boxes;
    ctx.font = `700 13px ${window.embviz.FONT}`;
    ctx.textAlign = "center";
    ctx.lineJoin = "round";
    for (const region of spec.regions) {
      const [x, y] = camera.pixel(region), half = ctx.measureText(region.name).width / 2 + 4;
      const box = { word: region.name, x0: x - half, x1: x + half, y0: y - 11, y1: y + 9 };
      if (boxes.some((b) => box.x0 < b.x1 && b.x0 < box.x1 && box.y0 < b.y1 && b.y0 < box.y1)) continue;
      boxes.push(box);
      ctx.lineWidth = 5;
      ctx.strokeStyle = spec.theme.paper;
      ctx.strokeText(region.name, x, y + 5);
      ctx.fillStyle = `rgb(${colors[region.color].join(",")})`;
      ctx.fillText(region.name, x, y + 5);
    }
    return boxes;
  }

  function dot(ctx, [x, y], radius, color, edge) {
    ctx.beginPath();
    ctx.arc(x, y, radius, 0, 2 * Math.PI);
    ctx.fillStyle = color;
    ctx.fill();
    ctx.strokeStyle = edge;
    ctx.lineWidth = 1.5;
    ctx.stroke();
  }

  function ring(ctx, [x, y], radius, color) {
    ctx.beginPath();
    ctx.arc(x, y, radius, 0, 2 * Math.PI);
    ctx.strokeStyle = color;
    ctx.lineWidth = 1.5;
    ctx.stroke();
  }

  // The words inside the lasso; of very many, the most frequent.
  function rings(map, project) {
    const radius = map.points.radius(map.camera.scale) + 0.6, { ctx, spec } = map;
    ctx.globalAlpha = 0.75;
    ctx.fillStyle = spec.theme.accent;
    for (const row of map.chosen.slice(0, 5000)) {
      const [x, y] = project(row);
      ctx.beginPath();
      ctx.arc(x, y, radius, 0, 2 * Math.PI);
      ctx.fill();
    }
    ctx.globalAlpha = 1;
  }

  // The line that surrounds them.
  function outline(map) {
    if (!map.path || map.path.length < 2) return;
    const { ctx, spec, camera } = map;
    ctx.beginPath();
    map.path.forEach((p, i) => ctx[i ? "lineTo" : "moveTo"](...camera.pixel({ x: p[0], y: p[1] })));
    ctx.closePath();
    ctx.strokeStyle = spec.theme.accent;
    ctx.lineWidth = 1.5;
    ctx.setLineDash([5, 4]);
    ctx.stroke();
    ctx.setLineDash([]);
  }

  window.embviz = Object.assign(window.embviz || {}, { marks: { links, styles, ring, rings, outline, regions, poles, nothing } });
})();
