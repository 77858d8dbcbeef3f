// The points of a map: a million words as numbers, found by place, and drawn pixel by pixel.
//
// No WebGL: the picture is a raster that is counted up here, so it is the same on every machine, is never blank, and
// one frame of a million words takes some 20 ms of one core. Where points lie on each other their cover adds up and
// the colour deepens, as in a density plot. Knows nothing of words, gestures or Dash.
(function () {
  "use strict";

  const SIDE = 65536;
  const CELLS = 512; // the points are sorted by cells of this many on each side, so that a zoomed view reads few
  const SHIFT = 7; // a place >> SHIFT is its cell
  const ONE = 230; // the cover of a pixel that a point fills
  const MOST = 65535; // 285 points on a pixel: more makes no difference
  const SMALLEST = 0.8; // a point of at most this radius, in device pixels, is one pixel
  const NONE = 254; // the colour of a word of which nothing is known: it lies under all others, and is in no mean
  const ALL = 0, FAINT = 1, BRIGHT = 2; // which points: all, those of no known colour, or the others
  const HIDDEN = 255; // the colour of a word that a filter leaves out

  class Points {
    // buffer: n × (uint16 x), n × (uint16 y), n × (uint8 level), in the order of the rows.
    constructor(buffer) {
      const n = (this.n = buffer.byteLength / 5);
      const x = new Uint16Array(buffer, 0, n);
      const y = new Uint16Array(buffer, 2 * n, n);
      const levels = new Uint8Array(buffer, 4 * n, n);
      const start = (this.start = new Uint32Array(CELLS * CELLS + 1));
      for (let row = 0; row < n; row++) start[((y[row] >> SHIFT) << 9) + (x[row] >> SHIFT) + 1]++;
      for (let cell = 0; cell < CELLS * CELLS; cell++) start[cell + 1] += start[cell];
      this.row = new Uint32Array(n); // of the i-th point
      this.index = new Uint32Array(n); // of a row: which point it is
      const next = start.slice();
      for (let row = n - 1; row >= 0; row--) {
        // the rarest first, so that frequent words are drawn over them
        const i = next[((y[row] >> SHIFT) << 9) + (x[row] >> SHIFT)]++;
        this.row[i] = row;
        this.index[row] = i;
      }
      this.x = Uint16Array.from(this.row, (row) => x[row]);
      this.y = Uint16Array.from(this.row, (row) => y[row]);
      this.level = this.levels = Uint8Array.from(this.row, (row) => levels[row]);
      this.color = new Uint8Array(n);
    }

    // bytes: a colour for each row; null for one colour. 255 is a word that a filter leaves out. Where points lie on
    // each other a pixel shows the mean of colours that are a scale, and the last drawn of those that are a set.
    // Behind the colours there may be a level for each row: of labels, where only some words are shown.
    paint(bytes, kind) {
      const { n, row, color } = this;
      this.mean = Boolean(bytes) && kind === "scale";
      this.painted = (this.painted || 0) + 1; // tells a picture of these colours from one of others
      if (bytes) for (let i = 0; i < n; i++) color[i] = bytes[row[i]];
      else color.fill(0);
      this.level = bytes?.length === 2 * n ? Uint8Array.from(row, (r) => bytes[n + r]) : this.levels;
      let shown = 0, known = 0;
      for (let i = 0; i < n; i++) (shown += color[i] !== HIDDEN), (known += color[i] < NONE);
      // Where few words have a colour, those are drawn as large as if there were no others, over all others.
      this.faint = known < shown / 2 ? shown : 0;
      this.crowd = this.faint ? known : shown;
    }

    // Whether others are singled out by their colour, and this one is not.
    isFaint(row) {
      return this.faint > 0 && this.color[this.index[row]] === NONE;
    }

    place(row) {
      const i = this.index[row];
      return { x: this.x[i] / SIDE, y: this.y[i] / SIDE };
    }

    // Calls visit(from, to) with the ranges of points in the cells that a box (in map units) touches.
    ranges(box, visit) {
      const cell = (v) => Math.min(CELLS - 1, Math.max(0, Math.floor(v * CELLS)));
      const left = cell(box.x0), right = cell(box.x1);
      for (let line = cell(box.y0); line <= cell(box.y1); line++)
        visit(this.start[line * CELLS + left], this.start[line * CELLS + right + 1]);
    }

    // The row of the point nearest to a place, at most `within` (map units) away; -1 if there is none.
    nearest(x, y, within) {
      let best = within * within * SIDE * SIDE, found = -1;
      const px = x * SIDE, py = y * SIDE;
      this.ranges({ x0: x - within, x1: x + within, y0: y - within, y1: y + within }, (from, to) => {
        for (let i = from; i < to; i++) {
          const dx = this.x[i] - px, dy = this.y[i] - py, apart = dx * dx + dy * dy;
          if (apart <= best && this.color[i] !== HIDDEN) {
            best = apart;
            found = this.row[i];
          }
        }
      });
      return found;
    }

    // The rows inside a polygon of map units (even-odd rule), most frequent first.
    inside(polygon) {
      const xs = polygon.map((p) => p[0] * SIDE), ys = polygon.map((p) => p[1] * SIDE);
      const box = { x0: Math.min(...xs), x1: Math.max(...xs), y0: Math.min(...ys), y1: Math.max(...ys) };
      const rows = [];
      const units = { x0: box.x0 / SIDE, x1: box.x1 / SIDE, y0: box.y0 / SIDE, y1: box.y1 / SIDE };
      this.ranges(units, (from, to) => {
        for (let i = from; i < to; i++) {
          const x = this.x[i], y = this.y[i];
          if (x < box.x0 || x > box.x1 || y < box.y0 || y > box.y1 || this.color[i] === HIDDEN) continue;
          let odd = false;
          for (let a = 0, b = xs.length - 1; a < xs.length; b = a++)
            if (ys[a] > y !== ys[b] > y && x < ((xs[b] - xs[a]) * (y - ys[a])) / (ys[b] - ys[a]) + xs[a]) odd = !odd;
          if (odd) rows.push(this.row[i]);
        }
      });
      return rows.sort((a, b) => a - b);
    }

    // How large a point is drawn, in CSS pixels: as the points part, up to a size that a finger hits.
    radius(scale, among = this.crowd) {
      const apart = scale / Math.sqrt(Math.max(1, among));
      return Math.min(5, Math.max(0.7, 0.2 * apart + 0.35));
    }

    // Draws what a camera {x, y, scale} sees into image (width × height device pixels, dpr of them a CSS pixel).
    // colors: 256 × [r, g, b]; paper: [r, g, b]. Gives the number of points drawn.
    draw(image, camera, dpr, colors, paper) {
      const { width, height } = image, size = width * height;
      if (!this.cover || this.cover.length !== size) {
        this.cover = new Uint32Array(size);
        this.known = new Uint32Array(size); // of that, the cover of points whose colour is known; for a mean
        this.shade = new Float32Array(size); // the colour, or for a mean the colours times their covers
      } else this.cover.fill(0);
      if (this.mean) this.shade.fill(0), this.known.fill(0);
      const scale = (camera.scale * dpr) / SIDE;
      const left = width / 2 - camera.x * camera.scale * dpr, top = height / 2 + camera.y * camera.scale * dpr;
      const drawn = this.count(image, camera, dpr, left, top, scale);
      tone(image, this.cover, this.mean ? this.known : null, this.shade, colors, paper, opacities(crowding(this.cover)));
      return drawn;
    }

    count(image, camera, dpr, left, top, scale) {
      const { width, height } = image;
      const span = { x: (width / 2 / dpr + 8) / camera.scale, y: (height / 2 / dpr + 8) / camera.scale };
      const box = { x0: camera.x - span.x, x1: camera.x + span.x, y0: camera.y - span.y, y1: camera.y + span.y };
      let drawn = 0;
      const pass = (radius, only) => {
        const disc = radius > SMALLEST ? stamp(radius) : null;
        this.ranges(box, (from, to) => {
          drawn += disc
            ? this.discs(from, to, width, height, left, top, scale, only, disc)
            : this.dots(from, to, width, height, left, top, scale, only);
        });
      };
      if (this.faint) pass(this.radius(camera.scale, this.faint) * dpr, FAINT);
      pass(this.radius(camera.scale) * dpr, this.faint ? BRIGHT : ALL);
      return drawn;
    }

    dots(from, to, width, height, left, top, scale, only) {
      const { cover, known, shade, color, mean, x, y } = this;
      let drawn = 0;
      for (let i = from; i < to; i++) {
        const px = (left + x[i] * scale) | 0, py = (top - y[i] * scale) | 0;
        if (color[i] === HIDDEN || px < 0 || py < 0 || px >= width || py >= height) continue;
        if (only !== ALL && (color[i] === NONE) !== (only === FAINT)) continue;
        const at = py * width + px;
        cover[at] += ONE;
        drawn++;
        if (color[i] === NONE && (mean || cover[at] > ONE)) continue;
        shade[at] = mean ? shade[at] + ONE * color[i] : color[i];
        known[at] += ONE;
      }
      return drawn;
    }

    discs(from, to, width, height, left, top, scale, only, { reach, masks }) {
      const { cover, known, shade, color, mean, x, y } = this, wide = 2 * reach + 1;
      let drawn = 0;
      for (let i = from; i < to; i++) {
        const px = left + x[i] * scale, py = top - y[i] * scale, cx = px | 0, cy = py | 0;
        const inside = cx >= reach && cy >= reach && cx < width - reach && cy < height - reach;
        if (!inside || color[i] === HIDDEN || (only !== ALL && (color[i] === NONE) !== (only === FAINT))) continue;
        const mask = masks[(((py - cy) * 4) | 0) * 4 + (((px - cx) * 4) | 0)];
        let at = (cy - reach) * width + cx - reach, k = 0;
        for (let line = 0; line < wide; line++, at += width - wide)
          for (let column = 0; column < wide; column++, at++, k++) {
            const more = mask[k];
            if (more === 0) continue;
            cover[at] += more;
            if (mean) {
              if (color[i] === NONE) continue;
              shade[at] += more * color[i];
              known[at] += more;
            } else if ((more > ONE / 3 && color[i] !== NONE) || cover[at] === more) shade[at] = color[i];
          }
        drawn++;
      }
      return drawn;
    }
  }

  // A disc as bytes of cover, for each of 4 × 4 places of its centre within a pixel: edges are smooth.
  const stamps = new Map();
  function stamp(radius) {
    const key = Math.round(radius * 8);
    if (!stamps.has(key)) stamps.set(key, made(key / 8));
    return stamps.get(key);
  }

  function made(radius) {
    const reach = Math.ceil(radius), wide = 2 * reach + 1, masks = [];
    for (let place = 0; place < 16; place++) {
      const cx = reach + ((place % 4) + 0.5) / 4, cy = reach + (Math.floor(place / 4) + 0.5) / 4;
      const mask = new Uint8Array(wide * wide);
      for (let k = 0; k < mask.length; k++) {
        const away = Math.hypot((k % wide) + 0.5 - cx, Math.floor(k / wide) + 0.5 - cy);
        mask[k] = Math.round(ONE * Math.min(1, Math.max(0, radius + 0.5 - away)));
      }
      masks.push(mask);
    }
    return { reach, masks };
  }

  // How many points lie on each other where there are any, on the mean; looked up at one pixel in seven.
  function crowding(cover) {
    let covered = 0, sum = 0;
    for (let at = 0; at < cover.length; at += 7)
      if (cover[at] > 0) {
        covered++;
        sum += cover[at];
      }
    return covered ? sum / covered / ONE : 1;
  }

  // Cover to opacity, of 256. Where few points lie on each other one covers 0.6 and many come ever nearer to 1; where
  // a map is crowded one covers less, and opacity follows the logarithm, so that dense and denser can be told apart.
  const tables = new Map();
  function opacities(crowd) {
    const key = Math.round(4 * Math.log2(Math.max(1, crowd)));
    if (!tables.has(key)) {
      const much = 2 ** (key / 4), few = Math.min(1, 2 / (much + 1)), most = Math.log1p(6 * much);
      const opacity = (n) => few * (1 - Math.exp(-0.92 * n)) + (1 - few) * Math.min(1, 0.25 + (0.75 * Math.log1p(n)) / most);
      tables.set(key, Uint16Array.from({ length: MOST + 1 }, (_, cover) => 256 * Math.min(0.97, opacity(cover / ONE))));
    }
    return tables.get(key);
  }

  function tone(image, cover, known, shade, colors, [r, g, b], opacity) {
    const out = new Uint32Array(image.data.buffer), empty = ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
    for (let at = 0; at < cover.length; at++) {
      const covered = cover[at];
      if (covered === 0) {
        out[at] = empty;
        continue;
      }
      const much = opacity[covered > MOST ? MOST : covered], rest = 256 - much;
      const color = colors[!known ? shade[at] : known[at] ? (shade[at] / known[at]) | 0 : NONE];
      out[at] =
        (255 << 24) |
        (((color[2] * much + b * rest) >> 8) << 16) |
        (((color[1] * much + g * rest) >> 8) << 8) |
        ((color[0] * much + r * rest) >> 8);
    }
  }

  window.embviz = Object.assign(window.embviz || {}, { Points });
})();
