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

  // What a page asks for it asks in its own language and theme, whatever was chosen in another tab meanwhile.
  const ask = window.fetch;
  window.fetch = (address, how) => {
    const { language, theme } = document.getElementById("page")?.dataset ?? {};
    if (!language || !String(address).includes("_dash-update-component")) return ask(address, how);
    return ask(address, { ...how, headers: { ...how.headers, "X-Language": language, "X-Theme": theme, "X-Width": innerWidth } });
  };

  // Plotly takes a browser a second, and the flat map, which is seen first, needs none: it is fetched when that is drawn.
  // A graph waits for what window.Plotly promises, and Plotly puts itself in its place.
  const flat = /^\/(map)?$/.test(location.pathname) && new URLSearchParams(location.search).get("dims") !== "3";
  window.Plotly = new Promise((ready, failed) => {
    let asked = false;
    const fetched = () => {
      if (asked) return;
      if (!window._dashPlotlyJSURL) return void setTimeout(fetched, 20); // Dash says where, once it has begun
      asked = true;
      document.head.append(Object.assign(document.createElement("script"), {
        src: window._dashPlotlyJSURL, onload: () => ready(), onerror: () => failed(new Error("plotly.js did not load")),
      }));
      setTimeout(lookForWebGL);
    };
    window.embviz = Object.assign(window.embviz || {}, { drawn: fetched });
    setTimeout(fetched, flat ? 4000 : 0); // there may be no map to be drawn
  });

  // Maps in space need WebGL; where there is none the page says so instead.
  function lookForWebGL() {
    const gl = document.createElement("canvas").getContext("webgl");
    if (!gl) document.documentElement.dataset.webgl = "none";
    gl?.getExtension("WEBGL_lose_context")?.loseContext(); // a browser gives only so many
  }

  // How far the pointer went since its button went down.
  let down = null, turned = 0;
  window.addEventListener("pointerdown", (event) => ([down, turned] = [[event.clientX, event.clientY], 0]), true);
  window.addEventListener("pointerup", () => (down = null), true);
  window.addEventListener(
    "pointermove",
    (event) => {
      if (down) turned = Math.max(turned, Math.hypot(event.clientX - down[0], event.clientY - down[1]));
    },
    true
  );

  // The lines for a notebook (map/notebook.py) end in view=None: what the map shows takes its place. Those of a map in
  // space end in camera=None, those of attention in height=None. Where there are none the address is meant.
  function asSeen(lines) {
    if (!lines) return location.href;
    if (lines.endsWith("height=None)\n")) return window.embviz.sized(lines);
    const scene = document.querySelector("#map-graph .js-plotly-plot")?._fullLayout.scene;
    if (lines.endsWith("camera=None)\n")) return lines.replace(/None\)\n$/, `${JSON.stringify(scene._scene.getCamera())})\n`);
    const { x, y, scale, size } = window.embviz.map.camera;
    const view = [x.toFixed(9), y.toFixed(9), scale.toFixed(1)].join(", ");
    return lines.replace(/view=None,\n\)\s*$/, `view=(${view}),\n    size=(${size.width}, ${size.height}),\n)\n`);
  }

  // What was typed into a search box since it was entered: choosing an option puts that in its place.
  const written = {};
  document.addEventListener("focusin", (event) => delete written[event.target.id], true);
  document.addEventListener("input", (event) => event.target.id && (written[event.target.id] = event.target.value), true);

  // A button that copies what it holds, and says that it did.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    await navigator.clipboard.writeText(asSeen(button.dataset.copy));
    button.classList.add("copied");
    setTimeout(() => button.classList.remove("copied"), 1200);
  });

  // A file that the server makes first, which takes a while for many words: its link says so until it has come.
  document.addEventListener("click", async (event) => {
    const link = event.target.closest(".save a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (link.ariaBusy === "true") return;
    link.ariaBusy = "true";
    try {
      const answer = await fetch(link.href), named = answer.headers.get("Content-Disposition");
      if (!answer.ok) throw new Error(answer.statusText);
      const url = URL.createObjectURL(await answer.blob());
      Object.assign(document.createElement("a"), { href: url, download: decodeURIComponent(named.split("''")[1]) }).click();
      setTimeout(() => URL.revokeObjectURL(url), 10_000);
    } catch {
      location.assign(link.href); // what the server says of it, or the browser, where there is none
    } finally {
      link.ariaBusy = "false";
    }
  });

  // A text that is too large to be brought is told so here: a browser would fall silent over it.
  for (const kind of ["change", "drop"]) {
    document.addEventListener(
      kind,
      (event) => {
        const frame = event.target.closest?.("[data-most]"), files = event.dataTransfer?.files || event.target.files;
        if (!frame || !files?.[0] || files[0].size <= +frame.dataset.most) return;
        event.preventDefault();
        event.stopImmediatePropagation();
        window.dash_clientside.set_props("training-brought", { children: frame.dataset.large });
      },
      true
    );
  }

  // A map in space that was drawn while it was hidden takes its size when it is shown.
  const fitted = new ResizeObserver(([{ target }]) => {
    const graph = target.querySelector(".js-plotly-plot");
    if (target.clientWidth && graph?._fullLayout?.scene) window.Plotly.Plots.resize(graph);
  });

  const VIEWS = ["map", "words", "attention", "training"]; // in the order of selection.py
  const named = (pathname) => VIEWS.find((view) => (pathname || "").split("/")[1] === view) || "map";

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.explorer = {
    // How large the picture of a view is, roughly, so that labels on it can be kept apart: [width, height] in pixels.
    size() {
      const phone = window.innerWidth <= 760;
      return [window.innerWidth - (phone ? 110 : 670), Math.round(window.innerHeight * (phone ? 0.62 : 1)) - 120];
    },

    // What the URL asks of each view; nothing of those that are not seen.
    asked(pathname, search) {
      const seen = named(pathname);
      return VIEWS.map((view) => (view === seen ? search : window.dash_clientside.no_update));
    },

    // The same of the two pages of the attention view, and which it is. What was typed is asked already.
    parted(search) {
      const heads = new URLSearchParams(search).get("show") === "heads", not = window.dash_clientside.no_update;
      return heads ? [not, search, "yes"] : [window.embviz.fresh(search) ? search : not, not, ""];
    },

    // Whether nobody looks at trainings.
    idle: (view) => view !== "training",

    // The view that the URL names; the others are hidden by the style sheet. Graphs take their size when shown.
    show(pathname) {
      window.requestAnimationFrame(() => window.dispatchEvent(new Event("resize")));
      return named(pathname);
    },

    // What went wrong before the reader went on.
    forget() {
      return null;
    },

    // A switch was pressed: keep the choice and lay the page out anew; the URL brings the same view back.
    choose(clicks, choice, id) {
      if (clicks) {
        remember(id, choice);
        window.location.reload();
      }
    },

    // The flat map: drawn by map.js from what the server says is to be seen.
    sheet(spec) {
      window.embviz.showMap(spec);
    },

    // The map in space, which Plotly draws.
    solid(drawn) {
      if (drawn?.key) fitted.observe(document.getElementById("map-graph"));
    },

    // A map that is being made: its points as they move.
    live(told) {
      window.embviz.showLive(told);
    },

    // Attention was drawn: what is clicked there is heard (attention.js).
    attended() {
      setTimeout(() => window.embviz.attended(), 250);
    },

    // How many rows of attention are drawn (attention.js).
    rows(said) {
      if (said) window.embviz.rowsDrawn(said);
    },

    overviewed() {
      setTimeout(() => window.embviz.overviewed(), 250);
    },

    // A click on a point in space: Plotly tells of it when the button goes down, and it is none if the map was turned.
    clicked(click) {
      const { no_update } = window.dash_clientside;
      if (!click || click.points[0].curveNumber !== 0) return no_update;
      return new Promise((resolve) => {
        const { customdata, pointNumber } = click.points[0], row = customdata ?? pointNumber; // some words are left out
        const decide = () => resolve(turned > 4 ? no_update : { row, click: Date.now() });
        if (!down) decide();
        else window.addEventListener("pointerup", decide, { once: true, capture: true }); // before the next begins
      });
    },

    // What Enter meant in a search box: the option chosen with the arrows, which the box shows a moment later; where
    // there is none it shows the old choice again, and what was typed is meant.
    entered(submits, shown, before, id) {
      const typed = written[id] ?? shown;
      return new Promise((resolve) =>
        setTimeout(() => {
          const box = document.getElementById(id), now = box.value;
          box.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", code: "Escape", bubbles: true })); // the list
          resolve(now === before ? typed : now);
          delete written[id];
        }, 80)
      );
    },
  };
})();
