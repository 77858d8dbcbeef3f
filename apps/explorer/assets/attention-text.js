// A text in the colours of what the token under the pointer looks at (figures/attention/text.py). It knows only the
// figure, and so works in a page without a server too.
(function () {
  "use strict";

  // Of each key what these rows look at, summed; of no rows the mean of all; null where none of them can look.
  function sums({ weights, cells }, rows) {
    const part = rows.length ? rows.map((row) => weights[row]) : weights;
    const there = rows.length ? 1 : part.filter((row) => row.some((value) => value !== null)).length || 1;
    return cells.map((_, key) => {
      const values = part.map((row) => row[key]).filter((value) => value !== null);
      return values.length ? values.reduce((sum, value) => sum + value, 0) / there : null;
    });
  }

  function color(graph, rows) {
    const told = graph.layout.meta.attention, [heatmap, words] = graph.data, found = sums(told, rows);
    const top = told.one ? 1 : Math.max(1e-12, ...found.map((value) => value ?? 0));
    const digits = 3 + Math.max(0, Math.floor(-Math.log10(top)));
    const z = heatmap.z.map((row) => Array.from(row)), text = heatmap.text.map((row) => Array.from(row));
    const inks = Array.from(words.textfont.color), [little, much, absent] = told.inks;
    told.cells.forEach(([line, start, end], key) => {
      const value = found[key], said = told.names[key] + (value === null ? "" : `: ${value.toFixed(digits)}`);
      z[line].fill(value, start, end);
      text[line].fill(said, start, end);
      inks[told.before + key] = value === null ? absent : value > 0.55 * top ? much : little;
    });
    window.Plotly.restyle(graph, { z: [z], text: [text], zmax: [top] }, [0]);
    window.Plotly.restyle(graph, { "textfont.color": [inks] }, [1]);
  }

  function pointing(graph) {
    graph.on("plotly_hover", ({ points: [point] }) => {
      const told = graph.layout.meta?.attention;
      if (!told || point.curveNumber !== 0 || !(point.customdata >= 0) || graph.pointed === point.customdata) return;
      graph.pointed = point.customdata;
      color(graph, [...new Set([...told.rows, point.customdata])]);
    });
    graph.on("plotly_unhover", () => {
      const told = graph.layout.meta?.attention;
      if (told && graph.pointed !== undefined) color(graph, told.rows);
      delete graph.pointed;
    });
  }

  window.embviz = Object.assign(window.embviz || {}, { pointing });
})();
