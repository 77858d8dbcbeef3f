// The flat map on the page: takes what the server says is to be seen (map/sheet.py), draws it, and tells the server
// what was clicked, pointed at or surrounded. The numbers come once; looking around asks for words and nothing else.
(function () {
  "use strict";

  const { Points, Labels, Camera, marks, save } = window.embviz;
  const SIDE = 65536; // places on each side of the points' grid
  const REACH = 12; // pixels around a point that mean it
  const NONE = 254; // the colour of a word of which nothing is known
  const tell = (id, data) => window.dash_clientside.set_props(id, { data });

  const map = { spec: null, points: null, labels: null, camera: null, tool: "move", loads: 0, clicks: 0, chosen: null };

  // The page's canvas, found anew when the page was laid out anew.
  function stage() {
    const canvas = document.getElementById("map-sheet");
    if (!canvas || map.canvas === canvas) return canvas;
    map.canvas = canvas;
    map.camera = new Camera(canvas, () => draw(true), settled);
    map.camera.listen({ lasso, hover, click, away });
    new ResizeObserver(() => {
      if (!map.points || !canvas.clientWidth) return;
      if (!map.moved) map.camera.set(map.camera.whole());
      draw(false);
    }).observe(canvas);
    return canvas;
  }

  // Shows a spec; null leaves an empty sheet.
  async function show(spec) {
    if (!stage()) return;
    if (!spec) {
      map.loads++;
      map.spec = map.points = map.labels = null;
      map.canvas.getContext("2d").clearRect(0, 0, map.canvas.width, map.canvas.height);
      return;
    }
    map.canvas.parentElement.classList.add("waiting");
    const load = ++map.loads;
    try {
      await take(spec, load);
    } catch (error) {
      tell("map-failed", String(error));
    }
    if (load === map.loads) map.canvas.parentElement.classList.remove("waiting");
  }

  // Fetches what a spec has and the page has not, unless something else is asked for meanwhile.
  async function take(spec, load) {
    const before = map.spec;
    const other = !before || before.points !== spec.points;
    const points = other ? new Points(await bytes(spec.points)) : map.points;
    const painted = !other && before.colors.url === spec.colors.url;
    const colors = painted ? null : spec.colors.url ? new Uint8Array(await bytes(spec.colors.url)) : null;
    if (load !== map.loads) return;
    if (!painted) points.paint(colors, spec.colors.kind);
    map.spec = spec;
    if (other) {
      map.points = points;
      const path = shapeOf(location.hash, spec);
      setTool("move");
      surround(path);
      map.labels = new Labels(points, spec.words, () => draw(false));
      window.embviz.wordsOf?.(map.labels); // a page without a server has all words already
      const view = viewOf(location.hash, spec);
      map.moved = Boolean(view);
      map.camera.set(view || map.camera.whole());
    }
    mark(spec, other);
    if (!painted && map.path) surround(map.path); // a filter may show other words inside
    draw(false);
  }

  async function bytes(url) {
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(await answer.text());
    return answer.arrayBuffer();
  }

  // The selected word and its true neighbours; a word that was not clicked is brought into the middle.
  function mark(spec, first) {
    map.marked = marks.styles(spec);
    for (const [row, word] of spec.marked) {
      map.labels.words.set(row, word);
      map.labels.asked.add(row);
    }
    const picked = spec.selected;
    if (picked !== null && picked !== map.picked && !first && picked !== map.clicked) {
      const scale = Math.max(map.camera.scale, map.camera.whole().scale * 4);
      map.camera.fly({ ...map.points.place(picked), scale });
      map.moved = true;
    }
    map.picked = picked;
    const other = JSON.stringify(spec.trail) !== JSON.stringify(map.trail ?? null);
    const view = spec.trail && other && !first ? marks.wholeTrail(map) : null;
    map.trail = spec.trail;
    if (!view) return;
    map.camera.fly(view);
    map.moved = true;
  }

  function draw(moving) {
    clearTimeout(map.later);
    if (moving) map.later = setTimeout(() => draw(false), 140); // sharp when it rests
    map.moving = moving;
    map.frame ??= requestAnimationFrame(() => {
      map.frame = null;
      if (map.points && map.canvas.clientWidth) paint(map.moving);
    });
  }

  function paint(moving) {
    const begun = performance.now(), { canvas, camera } = map, dpr = window.devicePixelRatio || 1, size = camera.size;
    const width = Math.round(size.width * dpr), height = Math.round(size.height * dpr);
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    paintOn(canvas.getContext("2d"), size, dpr, moving ? 1 : dpr);
    map.cost = performance.now() - begun;
    map.frames = (map.frames || 0) + 1;
    window.embviz.drawn?.(); // what can wait until now is fetched
  }

  // Draws the view on a canvas of size × dpr pixels, the points with `sharp` pixels to a CSS pixel.
  function paintOn(ctx, size, dpr, sharp) {
    map.ctx = ctx;
    map.shown = map.labels.rows(map.camera, size);
    map.labels.need(map.shown); // on their way while the points are drawn
    raster(sharp, size);
    ctx.setTransform(dpr, 0, 0, dpr, 0, 0);
    over(ctx, size);
  }

  // Draws all but the points.
  function over(ctx, size) {
    const { camera, points, spec } = map;
    map.ctx = ctx;
    const project = (row) => camera.pixel(points.place(row));
    if (map.chosen) marks.rings(map, project);
    marks.links(map, project);
    const marked = map.labels.mark(ctx, camera, size, project, map.marked, spec.theme, marks.trail(map, project));
    const named = marks.regions(map, shades(spec).colors, marked);
    map.labels.draw(ctx, camera, project, map.marked, spec.theme, named, map.shown);
    if (map.over >= 0) marks.ring(ctx, project(map.over), 7, spec.theme.text);
    marks.outline(map);
    marks.poles(map, size);
    if (map.drawn === 0) marks.nothing(map, size);
  }

  function raster(sharp, size) {
    const width = Math.round(size.width * sharp), height = Math.round(size.height * sharp);
    const { ctx, points, camera } = map, { canvas } = ctx, { colors, paper } = shades(map.spec);
    const key = [camera.x, camera.y, camera.scale, width, height, points.painted, map.shadesOf];
    const same = map.rastered === points && key.every((value, i) => value === map.rasterKey[i]);
    Object.assign(map, { rastered: points, rasterKey: key });
    if (!map.image || map.image.width !== width || map.image.height !== height) {
      map.image = new ImageData(width, height);
      map.buffer = Object.assign(document.createElement("canvas"), { width, height });
    }
    if (!same) map.drawn = points.draw(map.image, camera, sharp, colors, paper); // else only what lies over them changed
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    if (width === canvas.width && height === canvas.height) return ctx.putImageData(map.image, 0, 0);
    map.buffer.getContext("2d").putImageData(map.image, 0, 0);
    ctx.drawImage(map.buffer, 0, 0, canvas.width, canvas.height);
  }

  // The very view on the screen as a file, without what the pointer happens to be over.
  async function saved(form) {
    const at = map.over;
    map.over = -1;
    await save[form]({ map, size: map.camera.size, title: map.spec.file, paintOn, over, ...shades(map.spec) });
    map.over = at;
    draw(false);
  }

  // The 256 colours of a spec: one, a set, or a scale between stops.
  function shades(spec) {
    if (map.shadesOf === spec.colors) return map.shades;
    const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
    const stops = spec.colors.stops.map(rgb), last = stops.length - 1;
    const between = (t) => {
      const place = Math.min(last - 1e-9, t * last), i = Math.floor(place), part = place - i;
      return stops[i].map((value, channel) => Math.round(value + (stops[Math.min(last, i + 1)][channel] - value) * part));
    };
    const scale = spec.colors.kind === "scale" && last > 0;
    map.shades = {
      colors: Array.from({ length: 256 }, (_, i) =>
        i === NONE && spec.colors.none ? rgb(spec.colors.none) : scale ? between(Math.min(1, i / 253)) : stops[i % stops.length]
      ),
      paper: rgb(spec.theme.paper),
    };
    map.shadesOf = spec.colors;
    return map.shades;
  }

  function nearest(x, y) {
    if (!map.points) return -1;
    const place = map.camera.at(x, y);
    return map.points.nearest(place.x, place.y, REACH / map.camera.scale);
  }

  function hover(x, y) {
    const row = nearest(x, y);
    if (row === map.over || !map.points) return;
    map.over = row;
    map.canvas.style.cursor = row >= 0 ? "pointer" : "";
    draw(false);
    clearTimeout(map.telling);
    map.telling = setTimeout(() => {
      const [px, py] = row >= 0 ? map.camera.pixel(map.points.place(row)) : [];
      tell("map-hovered", row >= 0 ? { row, bbox: { x0: px - 6, x1: px + 6, y0: py - 6, y1: py + 6 } } : null);
    }, row >= 0 ? 40 : 0);
  }

  function away() {
    clearTimeout(map.telling);
    if (!(map.over >= 0)) return;
    map.over = -1;
    tell("map-hovered", null);
    draw(false);
  }

  function click(x, y) {
    const row = nearest(x, y);
    if (row < 0) return;
    if (map.chosen) surrounded(null);
    setTool("move");
    map.clicked = row;
    tell("map-clicked", { row, click: ++map.clicks });
  }

  const lasso = {
    begins(event) {
      const tool = !event.shiftKey ? map.tool : event.altKey ? "box" : "lasso";
      if (!map.points || tool === "move") return false;
      Object.assign(map, { path: [], by: tool });
      return true;
    },
    point(x, y) {
      const { x: px, y: py } = map.camera.at(x, y), [ax, ay] = map.path[0] || [px, py];
      if (map.by === "box") map.path = [[ax, ay], [px, ay], [px, py], [ax, py]];
      else map.path.push([px, py]);
      draw(true);
    },
    ends() {
      surrounded(map.camera.dragged > 3 && map.path.length > 2 ? map.path : null);
      setTool("move");
    },
  };

  // The words inside a shape are marked here; the server, which has the words, is sent the shape.
  function surround(path) {
    map.path = path = path && thinned(path);
    map.chosen = path ? map.points.inside(path) : null;
    tell("map-shape", path);
    draw(false);
  }

  // The same by the reader's hand, whose address keeps it.
  function surrounded(path) {
    surround(path);
    if (map.spec) settled();
  }

  // A hand draws hundreds of corners; two hundred are as good, and fit in an address. They lie between the places of
  // the points' grid, so that no point is on the line.
  function thinned(path) {
    const every = Math.ceil(path.length / 200);
    return path.filter((_, i) => i % every === 0).map((p) => p.map((v) => between(Math.floor(v * SIDE))));
  }

  const between = (place) => (place + 0.5) / SIDE;

  function written(path) {
    return path.flat().map((v) => Math.floor(v * SIDE).toString(36)).join(".");
  }

  function setTool(tool) {
    map.tool = tool;
    for (const name of ["lasso", "box"]) {
      document.querySelector(`[data-map=${name}]`)?.setAttribute("aria-pressed", String(tool === name));
    }
    if (map.canvas) map.canvas.classList.toggle("lasso", tool !== "move");
  }

  // A view, and a shape if there is one, is kept in the URL behind #, where going back finds it and the server is not
  // asked. It says which map it is of, since Dash carries it on to the next. Dash's own Location is told, or it would
  // undo it with the next step.
  function settled() {
    map.moved = true;
    const { x, y, scale } = map.camera;
    if (!map.spec) return;
    const view = `#${x.toFixed(9)},${y.toFixed(9)},${scale.toFixed(1)},${sign(map.spec.points)}`;
    const hash = map.chosen ? `${view},${written(map.path)}` : view;
    history.replaceState(history.state, "", hash);
    window.dash_clientside.set_props("url", { hash: location.hash, href: location.href });
    map.labels?.need(map.labels.rows(map.camera, map.camera.size, 2).slice(0, 800)); // what zooming in will show
  }

  function viewOf(hash, spec) {
    const [x, y, scale, of] = hash.slice(1).split(",");
    const view = { x: Number(x), y: Number(y), scale: Number(scale) };
    const sound = view.x >= -1 && view.x <= 2 && view.y >= -1 && view.y <= 2 && view.scale > 0;
    return sound && of === sign(spec.points) ? view : null;
  }

  function shapeOf(hash, spec) {
    const [, , , of, shape] = hash.slice(1).split(",");
    const places = (of === sign(spec.points) && shape ? shape.split(".") : []).map((place) => between(parseInt(place, 36)));
    const corners = places.flatMap((x, i) => (i % 2 ? [] : [[x, places[i + 1]]]));
    return corners.length > 2 && corners.length <= 200 && corners.flat().every(Number.isFinite) ? corners : null;
  }

  // A short sign of a text: which map a view is of.
  function sign(text) {
    let sum = 7;
    for (const letter of text) sum = (Math.imul(sum, 31) + letter.codePointAt(0)) >>> 0;
    return sum.toString(36);
  }

  window.addEventListener("popstate", () => {
    const view = map.points && viewOf(location.hash, map.spec);
    if (!view) return;
    map.camera.set(view);
    const path = shapeOf(location.hash, map.spec);
    if (JSON.stringify(path) !== JSON.stringify(map.path ?? null)) surround(path);
  });

  // Escape lets the surrounded words go.
  window.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !map.canvas || !(map.chosen || map.tool !== "move")) return;
    letGo();
  });

  function letGo() {
    surrounded(null);
    setTool("move");
  }

  // A press begins to surround, another one thinks better of it.
  function press(tool) {
    if (map.chosen) surrounded(null);
    setTool(map.tool === tool ? "move" : tool);
  }

  // A map in space as it is turned: Plotly draws it once more, with three pixels for each of the screen.
  function savedSolid(graph) {
    const { clientWidth: width, clientHeight: height, layout } = graph;
    return window.Plotly.downloadImage(graph, { format: "png", scale: save.times, width, height, filename: layout.meta.file });
  }

  function png() {
    const solid = document.querySelector("#map-picture[data-dims='3'] #map-graph .js-plotly-plot");
    return solid ? solid.layout.meta && savedSolid(solid) : map.points && saved("png");
  }

  const actions = {
    in: () => map.camera.fly({ ...map.camera, scale: map.camera.scale * 2 }),
    out: () => map.camera.fly({ ...map.camera, scale: map.camera.scale / 2 }),
    whole: () => map.camera.fly(map.camera.whole()),
    lasso: () => press("lasso"),
    box: () => press("box"),
    free: letGo,
    png,
    svg: () => saved("svg"),
    pdf: () => saved("pdf"),
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-map]");
    if (button && (map.points || button.dataset.map === "png")) actions[button.dataset.map]();
    for (const menu of document.querySelectorAll("details.menu[open]"))
      if (button || !menu.contains(event.target)) menu.open = false;
  });

  Object.assign(window.embviz, { map, showMap: show });
})();
