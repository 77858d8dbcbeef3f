// A drawing as SVG: takes the calls that the map's marks and labels make on a canvas, and writes shapes and text. So
// whatever is drawn over the points comes along. Knows nothing of maps.
(function () {
  "use strict";

  const number = (value) => String(Number(value.toFixed(2)));
  const anchors = { left: "start", start: "start", center: "middle", right: "end", end: "end" };

  class Drawing {
    constructor({ width, height }, paper) {
      Object.assign(this, { width, height, fillStyle: "#000", strokeStyle: "#000", lineWidth: 1, globalAlpha: 1 });
      Object.assign(this, { font: "12px sans-serif", textAlign: "start", textBaseline: "alphabetic", lineJoin: "miter" });
      this.ruler = document.createElement("canvas").getContext("2d");
      this.dash = [];
      this.texts = []; // what was written, where: for who cannot read shapes
      this.parts = [`<rect width="${width}" height="${height}" fill="${paper}"/>`];
      this.beginPath();
    }

    beginPath() {
      this.path = "";
      this.circle = null;
    }

    moveTo(x, y) {
      this.path += `M${number(x)} ${number(y)}`;
    }

    lineTo(x, y) {
      this.path += `L${number(x)} ${number(y)}`;
    }

    closePath() {
      this.path += "Z";
    }

    rect(x, y, width, height) {
      this.path += `M${number(x)} ${number(y)}h${number(width)}v${number(height)}h${number(-width)}Z`;
    }

    // Whole circles, as the map's marks are; one alone in its path is written as such.
    arc(x, y, radius) {
      const [r, wide] = [number(radius), number(2 * radius)];
      this.circle = this.path ? null : `<circle cx="${number(x)}" cy="${number(y)}" r="${r}"`;
      this.path += `M${number(x - radius)} ${number(y)}a${r} ${r} 0 1 0 ${wide} 0a${r} ${r} 0 1 0 -${wide} 0Z`;
    }

    fill() {
      this.shape(`fill="${this.fillStyle}"`);
    }

    stroke() {
      this.shape(`fill="none" ${this.pen()}`);
    }

    shape(paint) {
      if (this.path) this.parts.push(`${this.circle || `<path d="${this.path}"`} ${paint}${this.faint()}/>`);
    }

    pen() {
      const dash = this.dash.length ? ` stroke-dasharray="${this.dash.join(" ")}"` : "";
      return `stroke="${this.strokeStyle}" stroke-width="${this.lineWidth}" stroke-linejoin="${this.lineJoin}"${dash}`;
    }

    faint() {
      return this.globalAlpha < 1 ? ` opacity="${this.globalAlpha}"` : "";
    }

    setLineDash(dash) {
      this.dash = dash;
    }

    measureText(text) {
      this.ruler.font = this.font;
      return this.ruler.measureText(text);
    }

    strokeText(text, x, y, widest) {
      this.write(text, x, y, widest, `fill="none" ${this.pen()} aria-hidden="true"`);
    }

    fillText(text, x, y, widest) {
      const wide = this.write(text, x, y, widest, `fill="${this.fillStyle}"`);
      const left = { start: 0, middle: wide / 2, end: wide }[anchors[this.textAlign]];
      this.texts.push({ text, x: x - left, y, width: wide, size: Number(/([\d.]+)px/.exec(this.font)[1]) });
    }

    // A text wider than it may be is squeezed, as on a canvas.
    write(text, x, y, widest = Infinity, paint) {
      const [, weight, size, family] = /^(\S*) ?\b([\d.]+)px (.*)$/.exec(this.font), wide = this.measureText(text).width;
      const squeezed = wide > widest ? ` textLength="${number(widest)}" lengthAdjust="spacingAndGlyphs"` : "";
      const how = `font-weight="${weight || 400}" font-size="${size}"`;
      this.family = family; // one for all, as on the map
      const place = `x="${number(x)}" y="${number(y)}" text-anchor="${anchors[this.textAlign]}"${squeezed}`;
      this.parts.push(`<text ${place} ${how} ${paint}${this.faint()}>${escaped(text)}</text>`);
      return Math.min(wide, widest);
    }

    // The picture of a canvas over the whole drawing.
    image(canvas) {
      const data = canvas.toDataURL("image/png");
      this.parts.push(`<image width="${this.width}" height="${this.height}" xlink:href="${data}"/>`);
    }

    // The whole file; a title for those who hear it.
    svg(title) {
      const box = `width="${this.width}" height="${this.height}" viewBox="0 0 ${this.width} ${this.height}"`;
      const spaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" xml:space="preserve"';
      const text = `font-family="${escaped(this.family || "sans-serif")}"`;
      const body = [`<title>${escaped(title)}</title>`, ...this.parts].join("\n");
      return `<?xml version="1.0" encoding="UTF-8"?>\n<svg ${spaces} ${box} ${text} role="img">\n${body}\n</svg>\n`;
    }
  }

  // Whatever a word holds, as text of an XML file: what XML may not hold at all becomes the sign for it.
  function escaped(text) {
    return text
      .replace(/[\t\n\r\f]/g, " ")
      .replace(/[^\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "\uFFFD")
      .replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  }

  window.embviz = Object.assign(window.embviz || {}, { Drawing });
})();
