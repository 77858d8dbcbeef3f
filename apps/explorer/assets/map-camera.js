// Where one looks on a map, and the gestures that change it: drag, wheel, pinch, keys, double click; and the lasso or the box.
// A camera is {x, y, scale}: the middle in map units (0 to 1, y up), and how many CSS pixels the map's side has.
// Knows nothing of what is drawn.
(function () {
  "use strict";

  const MOST = 65536 * 400; // grid places next to each other are then 400 pixels apart

  class Camera {
    // moved: called at every change; settled: when a gesture has ended.
    constructor(element, moved, settled) {
      Object.assign(this, { element, moved, settled, x: 0.5, y: 0.5, scale: 600, pointers: new Map(), dragged: 0 });
      this.least = 60;
    }

    get size() {
      return { width: this.element.clientWidth, height: this.element.clientHeight };
    }

    // The whole map in the picture.
    whole() {
      const { width, height } = this.size;
      return { x: 0.5, y: 0.5, scale: Math.max(this.least, Math.min(width - 80, height - 60)) };
    }

    at(x, y) {
      const { width, height } = this.size;
      return { x: this.x + (x - width / 2) / this.scale, y: this.y - (y - height / 2) / this.scale };
    }

    pixel(place) {
      const { width, height } = this.size;
      return [width / 2 + (place.x - this.x) * this.scale, height / 2 - (place.y - this.y) * this.scale];
    }

    set(view) {
      this.scale = Math.min(MOST, Math.max(this.least, view.scale));
      this.x = Math.min(1.2, Math.max(-0.2, view.x));
      this.y = Math.min(1.2, Math.max(-0.2, view.y));
      this.moved();
    }

    // Zooms by a factor, what is under (x, y) stays there.
    zoom(factor, x = this.size.width / 2, y = this.size.height / 2) {
      const held = this.at(x, y), scale = Math.min(MOST, Math.max(this.least, this.scale * factor));
      const { width, height } = this.size;
      this.set({ x: held.x - (x - width / 2) / scale, y: held.y + (y - height / 2) / scale, scale });
    }

    // Goes to a view in a quarter of a second; at once for readers who want no motion.
    fly(view, ended = this.settled) {
      cancelAnimationFrame(this.flight);
      const from = { x: this.x, y: this.y, scale: this.scale }, begun = performance.now();
      const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
      const step = (now) => {
        const t = still ? 1 : Math.min(1, Math.max(0, now - begun) / 250), ease = t * t * (3 - 2 * t);
        const mix = (a, b) => a + (b - a) * ease;
        this.set({ x: mix(from.x, view.x), y: mix(from.y, view.y), scale: from.scale * (view.scale / from.scale) ** ease });
        if (t < 1) this.flight = requestAnimationFrame(step);
        else ended();
      };
      this.flight = requestAnimationFrame(step);
    }

    // lasso: {begins(event), point(x, y), ends()}; hover(x, y) and click(x, y) get CSS pixels.
    listen({ lasso, hover, click, away }) {
      const { element } = this;
      const local = (event) => {
        const box = element.getBoundingClientRect();
        return [event.clientX - box.left, event.clientY - box.top];
      };
      element.addEventListener("pointerdown", (event) => {
        if (event.button > 0) return;
        cancelAnimationFrame(this.flight);
        element.setPointerCapture(event.pointerId);
        this.pointers.set(event.pointerId, local(event));
        this.dragged = 0;
        this.lassoing = this.pointers.size === 1 && lasso.begins(event);
        if (this.lassoing) lasso.point(...local(event));
        away();
      });
      element.addEventListener("pointermove", (event) => {
        const now = local(event), before = this.pointers.get(event.pointerId);
        if (!before) return hover(...now);
        this.dragged += Math.hypot(now[0] - before[0], now[1] - before[1]);
        if (this.lassoing) lasso.point(...now);
        else if (this.dragged > 3) this.drag(event.pointerId, before, now);
        this.pointers.set(event.pointerId, now);
      });
      const up = (event) => {
        if (!this.pointers.delete(event.pointerId)) return;
        if (this.lassoing) lasso.ends();
        else if (this.dragged <= 3 && event.type === "pointerup") click(...local(event));
        else if (this.pointers.size === 0) this.settled();
        this.lassoing = false;
      };
      element.addEventListener("pointerup", up);
      element.addEventListener("pointercancel", up);
      element.addEventListener("pointerleave", () => away());
      element.addEventListener("dblclick", (event) => {
        const [x, y] = local(event), held = this.at(x, y), scale = this.scale * (event.shiftKey ? 0.5 : 2);
        const { width, height } = this.size;
        this.fly({ x: held.x - (x - width / 2) / scale, y: held.y + (y - height / 2) / scale, scale });
      });
      element.addEventListener(
        "wheel",
        (event) => {
          event.preventDefault();
          cancelAnimationFrame(this.flight);
          const lines = event.deltaMode === 1 ? 18 : 1;
          this.zoom(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0016)), ...local(event));
          clearTimeout(this.wheeling);
          this.wheeling = setTimeout(this.settled, 160);
        },
        { passive: false }
      );
      element.addEventListener("keydown", (event) => this.key(event));
    }

    drag(pointer, before, now) {
      const others = [...this.pointers].filter(([id]) => id !== pointer).map(([, place]) => place);
      const [dx, dy] = [now[0] - before[0], now[1] - before[1]];
      if (others.length === 0) return this.set({ x: this.x - dx / this.scale, y: this.y + dy / this.scale, scale: this.scale });
      const [other] = others, apart = (a) => Math.hypot(a[0] - other[0], a[1] - other[1]) || 1;
      this.zoom(apart(now) / apart(before), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
      this.set({ x: this.x - dx / 2 / this.scale, y: this.y + dy / 2 / this.scale, scale: this.scale });
    }

    key(event) {
      const far = 80 / this.scale, { x, y, scale } = this;
      const views = {
        ArrowLeft: { x: x - far, y, scale }, ArrowRight: { x: x + far, y, scale },
        ArrowUp: { x, y: y + far, scale }, ArrowDown: { x, y: y - far, scale },
        "+": { x, y, scale: scale * 1.5 }, "=": { x, y, scale: scale * 1.5 }, "-": { x, y, scale: scale / 1.5 },
        0: this.whole(),
      };
      if (!(event.key in views) || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      this.fly(views[event.key]);
    }
  }

  window.embviz = Object.assign(window.embviz || {}, { Camera });
})();
