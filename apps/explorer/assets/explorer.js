// What the page does without asking the server: the theme a browser prefers, which view is shown, moving the map.
(function () {
  "use strict";

  function remember(name, value) {
    document.cookie = `embviz-${name}=${value}; path=/; max-age=31536000; SameSite=Lax`;
  }

  // Before the page is laid out: the server draws figures in the reader's theme, so it must know it.
  if (!/(^|; )embviz-theme=/.test(document.cookie)) {
    remember("theme", window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  }

  const plot = (id) => document.querySelector(`#${id} .js-plotly-plot`);

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.explorer = {
    // The view that the URL names; the others are hidden by the style sheet. Graphs take their size when shown.
    show(pathname) {
      const view = (pathname || "").split("/")[1];
      window.requestAnimationFrame(() => window.dispatchEvent(new Event("resize")));
      return ["map", "words", "attention"].includes(view) ? view : "map";
    },

    // A switch was pressed: keep the choice and lay the page out anew; the URL brings the same view back.
    choose(clicks, choice, id) {
      if (clicks) {
        remember(id, choice);
        window.location.reload();
      }
    },

    // The size of the picture in pixels, by which the server chooses labels that do not overlap; asked for until the
    // page is laid out, which takes a while on a busy machine.
    measure(view) {
      if (view !== "map") return window.dash_clientside.no_update;
      return new Promise((resolve) => {
        const look = () => {
          const graph = document.getElementById("map-graph");
          if (graph && graph.clientWidth > 0) resolve([graph.clientWidth, graph.clientHeight]);
          else setTimeout(look, 50);
        };
        look();
      });
    },

    // What Enter meant in a search box: the option chosen with the arrows, which the box shows a moment later; where
    // there is none it shows the old choice again, and what was typed is meant.
    entered(submits, typed, before, id) {
      return new Promise((resolve) =>
        setTimeout(() => {
          const now = document.getElementById(id).value;
          resolve(now === before ? typed : now);
        }, 80)
      );
    },

    // The part of a flat map that is visible: x from, x to, y from, y to. Read off the graph once it has drawn, since
    // the event that tells of a zoom can come after the one of the next zoom.
    visible() {
      return new Promise((resolve) =>
        setTimeout(() => {
          const { xaxis, yaxis } = (plot("map-graph") || {})._fullLayout || {};
          const flat = xaxis && yaxis && xaxis._length;
          resolve(flat ? [...xaxis.range, ...yaxis.range] : window.dash_clientside.no_update);
        }, 60)
      );
    },

    // Bring a point of a flat map to the middle, as near as a quarter of the whole shows it.
    center(point) {
      const graph = plot("map-graph");
      if (!point || point.length !== 2 || !graph || !graph._fullLayout.xaxis) return;
      const axes = [graph._fullLayout.xaxis, graph._fullLayout.yaxis];
      const whole = graph._fullData[0].x.reduce((m, v) => [Math.min(m[0], v), Math.max(m[1], v)], [Infinity, -Infinity]);
      const width = Math.min(axes[0].range[1] - axes[0].range[0], (whole[1] - whole[0]) / 4);
      const height = (width * axes[1]._length) / axes[0]._length;
      window.Plotly.relayout(graph, {
        "xaxis.range[0]": point[0] - width / 2,
        "xaxis.range[1]": point[0] + width / 2,
        "yaxis.range[0]": point[1] - height / 2,
        "yaxis.range[1]": point[1] + height / 2,
      });
    },
  };
})();
