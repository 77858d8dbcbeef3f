// The very view on the screen as a file: PNG, SVG or PDF, at print size. A CSS pixel becomes a hundredth of an inch, so
// that three pixels for each are 300 to the inch.
(function () {
  "use strict";

  const TIMES = 3;
  const POINTS = 0.72; // of PDF, 72 to the inch, for a CSS pixel

  // view: {map, size, title, colors, paper, paintOn, over}, as map.js has them.
  const save = {
    times: TIMES,
    circles: 4_000, // so many points in sight are circles of an SVG; more are a picture in it

    async png(view) {
      offer(await new Promise((resolve) => painted(view).canvas.toBlob(resolve)), view.title, "png");
    },

    svg(view) {
      offer(new Blob([drawn(view).svg(view.title)], { type: "image/svg+xml" }), view.title, "svg");
    },

    // One page with the picture, and over it the words that nobody sees, to be searched and copied.
    async pdf(view) {
      const words = new window.embviz.Drawing(view.size, ""), ctx = painted(view);
      const picture = ctx.getImageData(0, 0, ctx.canvas.width, ctx.canvas.height);
      view.over(words, view.size);
      const page = { width: view.size.width * POINTS, height: view.size.height * POINTS };
      offer(await window.embviz.pdf(picture, page, POINTS, words.texts, view.title), view.title, "pdf");
    },
  };

  function painted({ size, paintOn }) {
    const canvas = Object.assign(document.createElement("canvas"), { width: size.width * TIMES, height: size.height * TIMES });
    const ctx = canvas.getContext("2d", { willReadFrequently: true });
    paintOn(ctx, size, TIMES, TIMES);
    return ctx;
  }

  function drawn(view) {
    const { map, size, colors, paper, over } = view;
    const drawing = new window.embviz.Drawing(size, css(paper)), seen = inSight(map, size);
    if (seen.length > save.circles) drawing.image(dots(view));
    else circles(drawing, map, seen, colors);
    over(drawing, size);
    return drawing;
  }

  // The points of a view, in the order in which they are drawn; at most one more than are circles.
  function inSight({ points, camera }, { width, height }) {
    const [left, top] = [camera.x - width / 2 / camera.scale, camera.y + height / 2 / camera.scale], found = [];
    const box = { x0: left, x1: left + width / camera.scale, y0: top - height / camera.scale, y1: top };
    points.ranges(box, (from, to) => {
      for (let i = from; i < to && found.length <= save.circles; i++) {
        const { x, y } = points.place(points.row[i]);
        if (points.color[i] !== 255 && x >= box.x0 && x <= box.x1 && y >= box.y0 && y <= box.y1) found.push(i);
      }
    });
    return found;
  }

  function circles(drawing, { points, camera }, seen, colors) {
    const radius = points.radius(camera.scale);
    drawing.globalAlpha = 0.6;
    for (const i of seen) {
      drawing.fillStyle = css(colors[points.color[i]]);
      drawing.beginPath();
      drawing.arc(...camera.pixel(points.place(points.row[i])), radius);
      drawing.fill();
    }
    drawing.globalAlpha = 1;
  }

  // The points alone, without what is drawn over them.
  function dots({ map, size, colors, paper }) {
    const canvas = Object.assign(document.createElement("canvas"), { width: size.width * TIMES, height: size.height * TIMES });
    const image = new ImageData(canvas.width, canvas.height);
    map.points.draw(image, map.camera, TIMES, colors, paper);
    canvas.getContext("2d").putImageData(image, 0, 0);
    return canvas;
  }

  const css = ([r, g, b]) => `rgb(${r},${g},${b})`;

  function offer(blob, title, form) {
    const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: `${title}.${form}` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  window.embviz = Object.assign(window.embviz || {}, { save });
})();
