// What is typed is asked of the server at once, and again in a pause; the URL learns it when the field rests. A picture
// does not wait for its address.
(function () {
  "use strict";

  const FIELDS = { "attention-sentence": "sentence", "attention-target": "target" };
  const OTHERS = ["tokens", "step"]; // of other tokens, as in frame.py
  const ELSEWHERE = ["method", "color", "dims"]; // of the map
  const REST = 400, PAUSE = 150; // milliseconds without a letter: the next comes first; the last is asked for
  let asked = null, before = -Infinity, waiting = null;

  // What a search asks, in one order and without defaults.
  function meant(search) {
    const told = [...new URLSearchParams(search)].filter(([name, value]) => !ELSEWHERE.includes(name) && value);
    return JSON.stringify(told.filter(([name, value]) => !(["layer", "head"].includes(name) && value === "0")).sort());
  }

  // Whether a search asks something new; it is asked from then on.
  function fresh(search) {
    const now = meant(search), is = now !== asked;
    asked = now;
    return is;
  }

  function ask(field, text) {
    const params = new URLSearchParams(window.location.search);
    if (!text.trim() || !window.location.pathname.startsWith("/attention") || params.get("show") === "heads") return;
    params.set(field, text);
    OTHERS.forEach((name) => params.delete(name));
    const search = `?${params}`;
    if (fresh(search)) window.dash_clientside.set_props("attention-one-asked", { data: search });
  }

  document.addEventListener("input", ({ target, timeStamp }) => {
    const field = FIELDS[target.id];
    if (!field) return;
    clearTimeout(waiting);
    if (timeStamp - before > REST) ask(field, target.value);
    else waiting = setTimeout(() => ask(field, target.value), PAUSE);
    before = timeStamp;
  });

  // What is typed is one step back in the browser's history, and not one for each pause.
  const push = window.history.pushState.bind(window.history);
  let typing = false;
  const rest = (url) => {
    const { pathname, search } = new URL(url, window.location.href), params = new URLSearchParams(search);
    [...Object.values(FIELDS), ...OTHERS].forEach((name) => params.delete(name));
    return pathname + meant(`?${params}`);
  };
  window.history.pushState = (state, title, url) => {
    const typed = url && new URL(url, window.location.href).href !== window.location.href && rest(url) === rest("");
    if (typed && typing) window.history.replaceState(state, title, url);
    else push(state, title, url);
    typing = typed;
  };
  window.addEventListener("popstate", () => (typing = false));

  window.embviz = Object.assign(window.embviz || {}, { fresh });
})();
