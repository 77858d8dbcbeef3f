// The attention view: what is clicked in its pictures, rows that come one by one, the picture as a file.
(function () {
  "use strict";

  const POINTS = 0.72; // of PDF, 72 to the inch, for a CSS pixel, as in map-save.js
  const SMALLEST = 8; // pixels of a token that can be read
  const PAUSE = 700; // milliseconds from row to row
  const tell = (id, value) => window.dash_clientside.set_props(id, value);
  const drawn = (id) => document.querySelector(`#${id} .js-plotly-plot`);

  // Each graph is listened to once; Plotly puts another in its place when the page does.
  function listen(id, events) {
    const graph = drawn(id);
    if (!graph?.on || graph.dataset.heard) return;
    graph.dataset.heard = "yes";
    for (const [name, hear] of Object.entries(events)) graph.on(name, hear);
    return graph;
  }

  // The row of a point: of text and of lines it says so itself, of a heatmap it is where it lies.
  function row({ data, y, customdata }) {
    if (data.type === "heatmap") return graphTells() ? customdata : Math.round(y);
    return data.name === "tokens" ? customdata : undefined;
  }

  const graphTells = () => drawn("attention-graph").layout.meta?.attention || drawn("attention-graph").data.length > 1;

  function attended() {
    const graph = listen("attention-graph", {
      plotly_click({ points: [point] }) {
        const number = row(point);
        if (number >= 0) tell("attention-chosen", { data: { row: number, click: Date.now() } });
      },
      plotly_relayout(change) {
        const { layout, _fullLayout: full } = drawn("attention-graph");
        if (!layout.meta?.pooled || !Object.keys(change).some((name) => /^[xy]axis\.(range|autorange)/.test(name))) return;
        const [rows, columns] = [full.yaxis.range, full.xaxis.range].map((range) => [...range].sort((a, b) => a - b));
        tell("attention-area", { data: { rows, columns, tokens: layout.meta.tokens, at: Date.now() } });
      },
    });
    if (graph) window.embviz.pointing(graph);
    graph?.on("plotly_afterplot", () => fit(graph)); // it may be drawn long after it was asked for
    fit(drawn("attention-graph"));
  }

  function overviewed() {
    listen("attention-overview", {
      plotly_click: ({ points: [{ x, y }] }) => tell("attention-tile", { data: { points: [{ x, y }], click: Date.now() } }),
    });
  }

  // The tokens at a heatmap's sides as large as its cells, and those of a text as its columns, so that they do not run
  // into each other on a phone.
  function fit(graph) {
    const full = graph?._fullLayout;
    if (!full?.xaxis) return;
    if (graph.layout.meta?.attention || graph.data[1]?.mode === "text") {
      const [from, to] = full.xaxis.range, size = Math.floor((full.xaxis._length / Math.abs(to - from)) * 16.4) / 10;
      if (graph.data[1].textfont.size > size) window.Plotly.restyle(graph, { "textfont.size": Math.max(6, size) }, [1]);
      return;
    }
    if (graph.data[0]?.type !== "heatmap") return;
    const size = Math.max(SMALLEST, Math.min(13, Math.floor(room(graph) * 0.8)));
    if (full.xaxis.tickfont?.size > size)
      window.Plotly.relayout(graph, Object.fromEntries(sides(graph).map((name) => [`${name}.tickfont.size`, size])));
    thin(graph);
  }

  // The axes of a graph that have tokens.
  const sides = ({ layout }) => Object.keys(layout).filter((name) => layout[name].ticktext);

  // Pixels of a token on an axis; on the closer one of both.
  const along = ({ _length, range: [from, to] }) => _length / Math.abs(to - from);
  const room = ({ _fullLayout: full }) => Math.min(along(full.xaxis), along(full.yaxis));

  // Where tokens would lie over each other every second one is named, or fewer; on zooming in and in files all are.
  function thin(graph) {
    if (graph.data[0]?.type !== "heatmap") return;
    for (const axis of sides(graph).map((name) => graph._fullLayout[name])) {
      const [first, second] = axis.tickvals;
      if (second === undefined) continue;
      const step = Math.ceil((SMALLEST + 1) / (along(axis) * (second - first)));
      for (const kind of ["g", "path"])
        graph.querySelectorAll(`.cartesianlayer ${kind}.${axis._id}tick`)
          .forEach((tick, i) => (tick.style.display = i % step ? "none" : ""));
    }
  }

  // Rows as they are written: back, on, and by themselves, each when the one before is drawn.
  let playing = null, wanted = null;
  const slider = () => document.querySelector("#attention-step [role=slider]");
  const at = (name) => Number(slider().getAttribute(`aria-value${name}`));

  function go(to) {
    const value = Math.max(1, Math.min(at("max"), to));
    if (value === at("now")) return;
    wanted = value;
    tell("attention-step", { value });
  }

  // The slider follows what is drawn, unless something newer is on its way.
  function rowsDrawn({ max, value, step }) {
    const asked = new URLSearchParams(location.search).get("step");
    if (String(step ?? "") !== (asked ?? "") || (wanted !== null && wanted !== value)) return;
    wanted = null;
    tell("attention-step", { max, value });
  }

  function stop() {
    clearInterval(playing);
    playing = null;
    document.querySelector("[data-rows=play]")?.classList.remove("playing");
  }

  const rows = {
    row_back: () => (stop(), go(at("now") - 1)),
    row_on: () => (stop(), go(at("now") + 1)),
    play() {
      if (playing) return stop();
      document.querySelector("[data-rows=play]").classList.add("playing");
      if (at("now") === at("max")) go(1);
      playing = setInterval(() => {
        if (!slider()?.offsetParent || at("now") >= at("max")) return stop();
        if (wanted === null) go(at("now") + 1);
      }, PAUSE);
    },
  };

  // The picture at print size: three pixels for each of the screen.
  async function picture(graph, format) {
    const { width, height } = graph._fullLayout;
    const scale = format === "png" ? window.embviz.save.times : 1;
    return window.Plotly.toImage(graph, { format, width, height, scale });
  }

  const forms = {
    async png(graph, title) {
      offer(await (await fetch(await picture(graph, "png"))).blob(), title, "png");
    },
    async svg(graph, title) {
      const address = await picture(graph, "svg");
      offer(new Blob([decodeURIComponent(address.slice(address.indexOf(",") + 1))], { type: "image/svg+xml" }), title, "svg");
    },
    async pdf(graph, title) {
      const image = new Image();
      image.src = await picture(graph, "png");
      await image.decode();
      const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
      const ctx = canvas.getContext("2d", { willReadFrequently: true });
      ctx.drawImage(image, 0, 0);
      const { width, height } = graph._fullLayout, page = { width: width * POINTS, height: height * POINTS };
      const pixels = ctx.getImageData(0, 0, canvas.width, canvas.height);
      offer(await window.embviz.pdf(pixels, page, POINTS, written(graph), title), title, "pdf");
    },
  };

  // Every text of a graph and where it stands.
  function written(graph) {
    const corner = graph.getBoundingClientRect();
    return [...graph.querySelectorAll("svg text")].filter((node) => node.textContent).map((node) => {
      const box = node.getBoundingClientRect();
      const place = { x: box.left - corner.left, y: box.bottom - corner.top, width: box.width };
      return { text: node.textContent, ...place, size: Math.max(4, parseFloat(getComputedStyle(node).fontSize)) };
    });
  }

  function offer(blob, title, form) {
    const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: `${title}.${form}` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  document.addEventListener("click", (event) => {
    const step = event.target.closest("[data-rows]"), form = event.target.closest("[data-attention]");
    if (step) rows[step.dataset.rows]();
    if (form) forms[form.dataset.attention](drawn("attention-graph"), form.parentElement.dataset.file);
    for (const menu of document.querySelectorAll("#attention-saving details[open]"))
      if (form || event.target.closest("a.taken") || !menu.contains(event.target)) menu.open = false;
  });

  // The lines for a notebook end in width=None, height=None: the size of the picture takes its place.
  function sized(lines) {
    const { width, height } = drawn("attention-graph")._fullLayout;
    return lines.replace(/width=None, height=None\)\n$/, `width=${width}, height=${height})\n`);
  }

  window.embviz = Object.assign(window.embviz || {}, { attended, overviewed, rowsDrawn, sized });
})();
