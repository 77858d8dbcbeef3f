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

    // The flat map: drawn by map.js from what the server says is to be seen.
    sheet(spec) {
      window.embviz.showMap(spec);
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
  };
})();
