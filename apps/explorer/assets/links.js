// A link says what it changes of the selection (cards.py). That is changed of what is seen when it is clicked, which may
// have gone on since the link was drawn; its whole address is for another tab.
(function () {
  "use strict";

  const PICTURES = ["view", "run", "model", "word", "sentence", "dims", "show", "training"]; // of a phone's first screen

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-step]");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    const step = [...new URLSearchParams(link.dataset.step)], params = new URLSearchParams(location.search);
    let path = location.pathname;
    for (const [name, value] of step) {
      if (name === "view") path = `/${value}`;
      else if (value) params.set(name, value);
      else params.delete(name);
    }
    const look = path === location.pathname ? location.hash : ""; // where one looks on the map (map.js)
    history.pushState({}, "", `${path}?${params}${look}`);
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate")); // as Dash's own link tells Dash's Location
    if (step.some(([name]) => PICTURES.includes(name))) window.scrollTo(0, 0);
  });
})();
