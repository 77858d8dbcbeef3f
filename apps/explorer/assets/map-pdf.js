// A picture as a PDF of one page, with its words to be searched and copied, in whatever script they are.
//
// The words are drawn by the browser, in the fonts that it has, so the file needs none: it holds the picture without
// loss, and over it each text as one character of a font whose characters are empty (Type 3; PDF 32000-1:2008, 9.6.5),
// and whose ToUnicode says which text it stands for (9.10.3). Knows nothing of maps.
(function () {
  "use strict";

  const A_FONT = 255; // texts to a font: a character is a byte, and 0 stays free
  const A_BLOCK = 100; // entries that a block of a CMap may have

  // image: an ImageData; page: its width and height in points, 72 to the inch; scale: points to a pixel of the texts;
  // texts: {text, x, y, width, size}, y down to the baseline; title: of the document. Gives the file as a Blob.
  async function pdf(image, page, scale, texts, title) {
    const objects = [`<< /Type /Catalog /Pages 2 0 R >>`, ""], add = (...parts) => `${objects.push(parts)} 0 R`;
    const nothing = add(...stream("", bytes("1000 0 0 -250 1000 1000 d1")));
    const fonts = [];
    for (let start = 0; start < texts.length; start += A_FONT) fonts.push(texts.slice(start, start + A_FONT));
    const named = fonts.map((held, i) => `/F${i} ${add(font(held, nothing, add(...stream("", bytes(cmap(held))))))}`);
    const picture = add(...stream(facts(image), await deflated(rows(image))));
    const [width, height] = [short(page.width), short(page.height)];
    const drawn = `q ${width} 0 0 ${height} 0 0 cm /P Do Q\n${written(fonts, scale, page.height)}`;
    const info = add(`<< /Title <FEFF${utf16(title)}> /Producer (embviz) >>`);
    const shown = add(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${width} ${height}] /Contents ${add(...stream("", bytes(drawn)))} ` +
        `/Resources << /XObject << /P ${picture} >> /Font << ${named.join(" ")} >> >> >>`
    );
    objects[1] = `<< /Type /Pages /Kids [${shown}] /Count 1 >>`;
    return file(objects, info);
  }

  // Each text at its place, unseen.
  function written(fonts, scale, height) {
    const put = ({ x, y, size }, i, j) =>
      `BT 3 Tr /F${i} ${short(size * scale)} Tf ${short(x * scale)} ${short(height - y * scale)} Td <${hex(j + 1, 2)}> Tj ET`;
    return fonts.flatMap((held, i) => held.map((text, j) => put(text, i, j))).join("\n");
  }

  function font(held, nothing, unicode) {
    const names = held.map((_, j) => `/t${j + 1}`), widths = held.map(({ width, size }) => short((1000 * width) / size));
    return (
      "<< /Type /Font /Subtype /Type3 /FontBBox [0 -250 1000 1000] /FontMatrix [0.001 0 0 0.001 0 0] /Resources << >> " +
      `/CharProcs << ${names.map((name) => `${name} ${nothing}`).join(" ")} >> /FirstChar 1 /LastChar ${held.length} ` +
      `/Encoding << /Type /Encoding /Differences [1 ${names.join(" ")}] >> /Widths [${widths.join(" ")}] /ToUnicode ${unicode} >>`
    );
  }

  function cmap(held) {
    const lines = held.map(({ text }, j) => `<${hex(j + 1, 2)}> <${utf16(text)}>`), blocks = [];
    for (let start = 0; start < lines.length; start += A_BLOCK) {
      const block = lines.slice(start, start + A_BLOCK);
      blocks.push(`${block.length} beginbfchar\n${block.join("\n")}\nendbfchar`);
    }
    return (
      "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /Texts def /CMapType 2 def\n" +
      `1 begincodespacerange <00> <FF> endcodespacerange\n${blocks.join("\n")}\n` +
      "endcmap CMapName currentdict /CMap defineresource pop end end"
    );
  }

  const facts = ({ width, height }) =>
    `/Type /XObject /Subtype /Image /Width ${width} /Height ${height} /ColorSpace /DeviceRGB /BitsPerComponent 8 ` +
    `/Filter /FlateDecode /DecodeParms << /Predictor 15 /Colors 3 /Columns ${width} >>`;

  // The pixels as PNG has them, each less the one above it (RFC 2083, 6.4): most are alike, and take no room.
  function rows({ data, width, height }) {
    const wide = 3 * width + 1, out = new Uint8Array(wide * height);
    for (let y = 0; y < height; y++) {
      out[y * wide] = 2;
      for (let x = 0; x < width; x++)
        for (let channel = 0; channel < 3; channel++) {
          const at = 4 * (y * width + x) + channel;
          out[y * wide + 3 * x + channel + 1] = data[at] - (y ? data[at - 4 * width] : 0);
        }
    }
    return out;
  }

  async function deflated(body) {
    const squeezed = new Blob([body]).stream().pipeThrough(new CompressionStream("deflate"));
    return new Uint8Array(await new Response(squeezed).arrayBuffer());
  }

  const stream = (about, body) => [`<< ${about} /Length ${body.length} >>\nstream\n`, body, "\nendstream"];

  // The objects one after the other, then where each of them begins.
  function file(objects, info) {
    const parts = [bytes("%PDF-1.7\n%\u00e2\u00e3\u00cf\u00d3\n")], starts = [];
    let length = parts[0].length;
    const put = (part) => {
      const body = typeof part === "string" ? bytes(part) : part;
      parts.push(body);
      length += body.length;
    };
    objects.forEach((object, i) => {
      starts.push(length);
      [`${i + 1} 0 obj\n`, ...[object].flat(), "\nendobj\n"].forEach(put);
    });
    const places = starts.map((start) => `${String(start).padStart(10, "0")} 00000 n \n`).join("");
    const size = objects.length + 1, begin = length;
    put(`xref\n0 ${size}\n0000000000 65535 f \n${places}trailer\n<< /Size ${size} /Root 1 0 R /Info ${info} >>\n`);
    put(`startxref\n${begin}\n%%EOF\n`);
    return new Blob(parts, { type: "application/pdf" });
  }

  const bytes = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  const short = (value) => String(Number(value.toFixed(3)));
  const hex = (value, digits) => value.toString(16).padStart(digits, "0");
  const utf16 = (text) => Array.from({ length: text.length }, (_, i) => hex(text.charCodeAt(i), 4)).join("");

  window.embviz = Object.assign(window.embviz || {}, { pdf });
})();
