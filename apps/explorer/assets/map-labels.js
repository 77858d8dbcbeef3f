// The labels of a map: which words show at this zoom, and where. The server has given each word the level from which
// it is labelled (embviz/projection/sheet.py), so nothing overlaps and nothing blinks; here the words in sight are
// picked, fetched once, and written. Words are written on a canvas: whatever they hold, it is never markup.
(function () {
  "use strict";

  const COARSEST = 256, STEPS = 2, WIDEST = 170, HEIGHT = 20, MOST = 400; // as in sheet.py; so many words a request
  const SLACK = 8; // of the ten pixels that the server leaves between two labels, a word of wide letters may take so many
  const FONT = "Inter, system-ui, -apple-system, 'Segoe UI', 'Noto Sans', 'Noto Sans CJK SC', 'PingFang SC', " +
    "'Microsoft YaHei', 'Noto Color Emoji', sans-serif";

  class Labels {
    // url: gives the words of rows; arrived: called when words have come that were asked for.
    constructor(points, url, arrived) {
      Object.assign(this, { points, url, arrived, words: new Map(), asked: new Set(), boxes: [] });
    }

    // The rows that are labelled in what a camera sees, and `more` levels further.
    rows(camera, size, more = 0) {
      const level = Math.floor(STEPS * Math.log2(camera.scale / COARSEST)) + more, found = [], { points } = this;
      const span = { x: (size.width / 2 + WIDEST / 2) / camera.scale, y: (size.height / 2 + HEIGHT) / camera.scale };
      const box = { x0: camera.x - span.x, x1: camera.x + span.x, y0: camera.y - span.y, y1: camera.y + span.y };
      points.ranges(box, (from, to) => {
        for (let i = from; i < to; i++) if (points.level[i] <= level && points.color[i] !== 255) found.push(points.row[i]);
      });
      return found;
    }

    // Ask for the words of rows that are not here yet.
    async need(rows) {
      const missing = rows.filter((row) => !this.asked.has(row));
      for (let start = 0; start < missing.length; start += MOST) {
        const part = missing.slice(start, start + MOST);
        part.forEach((row) => this.asked.add(row));
        try {
          const answer = await fetch(`${this.url}&rows=${part.join(",")}`);
          if (!answer.ok) throw new Error(String(answer.status));
          (await answer.json()).forEach((word, i) => this.words.set(part[i], word));
          this.arrived();
        } catch {
          part.forEach((row) => this.asked.delete(row)); // the next frame asks again
        }
      }
    }

    // Writes the labels of marked rows, in their own colours, where nothing is written yet; gives the boxes of all that
    // is then. project: row -> [x, y] in CSS pixels.
    mark(ctx, camera, size, project, marked, theme, written) {
      const boxes = written.slice(), lift = this.points.radius(camera.scale) + 7;
      Object.assign(ctx, { textAlign: "center", textBaseline: "alphabetic", lineJoin: "round" });
      for (const [row, style] of marked) this.writeFree(ctx, row, project(row), size, lift, style, theme, boxes);
      for (const [row, { always }] of marked) {
        const [x, y] = project(row);
        if (always) boxes.push({ word: "", x0: x - 8, x1: x + 8, y0: y - 8, y1: y + 8 }); // its dot
      }
      return boxes;
    }

    // Writes the labels of the other rows, where they are clear of what is written already.
    draw(ctx, camera, project, marked, theme, written, rows) {
      const boxes = written.slice(), lift = this.points.radius(camera.scale) + 4;
      Object.assign(ctx, { textAlign: "center", textBaseline: "alphabetic", lineJoin: "round" });
      const first = boxes.slice();
      const quiet = marked.size > 0 ? theme.quiet : theme.text;
      for (const row of rows) {
        if (marked.has(row) || !this.words.has(row)) continue;
        const [x, y] = project(row), half = width(this.words.get(row)) / 2;
        const hidden = first.some((b) => x + half > b.x0 && x - half < b.x1 && y - lift > b.y0 && y - lift - 14 < b.y1);
        const color = this.points.isFaint(row) ? theme.quiet : quiet;
        if (!hidden) this.write(ctx, row, [x, y], lift, { color, size: 12 }, theme, boxes);
      }
      this.boxes = boxes.filter((box) => box.word); // the others are marks
    }

    // A marked word stands over its point, else under it; where both are taken by one marked before, its dot is enough,
    // unless it is always to be read: then beside it, or in the end over whatever is there.
    writeFree(ctx, row, [x, y], size, lift, style, theme, boxes) {
      if (!this.words.has(row) || x < 0 || y < 0 || x > size.width || y > size.height) return;
      const half = (width(this.words.get(row)) * style.size) / 24;
      const taken = ([by, up]) => boxes.some((b) =>
        x + by + half > b.x0 && x + by - half < b.x1 && y - up > b.y0 && y - up - style.size < b.y1);
      const under = -lift - style.size + 3, beside = half + 12, level = -style.size / 3;
      const places = [[0, lift], [0, under], ...(style.always ? [[beside, level], [-beside, level]] : [])];
      const place = places.find((at) => !taken(at)) ?? (style.always ? places[0] : null);
      if (place) this.write(ctx, row, [x + place[0], y], place[1], style, theme, boxes);
    }

    write(ctx, row, [x, y], lift, style, theme, boxes) {
      const word = this.words.get(row);
      if (word === undefined) return;
      ctx.font = `${style.weight || 500} ${style.size}px ${FONT}`;
      const wide = (width(word) * style.size) / 12 + SLACK, text = width(word) < WIDEST ? word : cut(ctx, word, wide);
      ctx.lineWidth = 3.5;
      ctx.strokeStyle = theme.paper;
      ctx.strokeText(text, x, y - lift, wide); // the halo
      ctx.fillStyle = style.color;
      ctx.fillText(text, x, y - lift, wide); // never wider than its place
      const half = Math.min(wide, ctx.measureText(text).width) / 2;
      boxes.push({ row, word, x0: x - half, x1: x + half, y0: y - lift - style.size, y1: y - lift + 2 });
    }
  }

  // How wide a label is at most, as the server reckons: by letters and bytes.
  function width(word) {
    let letters = 0, size = 0;
    for (const letter of word) {
      const code = letter.codePointAt(0);
      letters++;
      size += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    }
    return Math.min(7.7 * letters + 2.9 * (size - letters), WIDEST);
  }

  // A word too long for its place loses its end, letter by letter as a reader sees them: many scripts are narrower than
  // is reckoned, and a letter with its accents, or a family of emoji, is one.
  function cut(ctx, word, wide) {
    if (ctx.measureText(word).width <= wide) return word;
    const letters = Array.from(new Intl.Segmenter().segment(word.slice(0, 500)), ({ segment }) => segment);
    const kept = (n) => letters.slice(0, n).join("") + "…";
    let [fit, most] = [1, letters.length];
    while (fit < most) {
      const middle = Math.ceil((fit + most) / 2);
      if (ctx.measureText(kept(middle)).width <= wide) fit = middle;
      else most = middle - 1;
    }
    return kept(fit);
  }

  window.embviz = Object.assign(window.embviz || {}, { Labels, FONT });
})();
