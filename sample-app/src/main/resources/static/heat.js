import { bytes, count } from "./format.js";

// per frame: what was touched fades within some seconds
const FADING = 0.93;
const GAP = 1;

/**
 * A square per part of the disk. It glows when it is used and cools down. The arrow keys go from one to the next, and the
 * text below says what was done there.
 */
export class HeatMap {

  constructor(panel, name) {
    this.canvas = panel.querySelector("canvas");
    this.place = panel.querySelector("output");
    this.canvas.setAttribute("aria-label", `Blocks of ${name}`);
    this.heat = { cells: 0 };
    this.columns = 128;
    this.at = 0;
    this.chosen = false;
    this.canvas.addEventListener("keydown", (event) => this.onKey(event));
    this.canvas.addEventListener("pointermove", (event) => this.point(event));
    this.canvas.addEventListener("pointerleave", () => this.choose(false));
    this.canvas.addEventListener("focus", () => this.choose(true));
    this.canvas.addEventListener("blur", () => this.choose(false));
    new ResizeObserver(() => this.resize()).observe(this.canvas.parentElement);
  }

  update(heat) {
    if (heat.cells !== this.heat.cells || heat.cellSize !== this.heat.cellSize) {
      this.now = emptyCounts(heat.cells);
      this.ever = emptyCounts(heat.cells);
      this.peak = 1;
      this.canvas.setAttribute("aria-valuemax", heat.cells - 1);
      this.at = Math.min(this.at, heat.cells - 1);
      this.heat = heat;
      this.resize();
    }
    Object.values(this.now).forEach((counts) => counts.forEach((value, i) => counts[i] = value < 0.02 ? 0 : value * FADING));
    for (const cell of heat.touched) {
      for (const kind of ["reads", "writes", "discards"]) {
        this.now[kind][cell.cell] += cell[kind];
        this.ever[kind][cell.cell] += cell[kind];
      }
    }
    this.draw();
    this.tell();
  }

  resize() {
    const width = this.canvas.parentElement.clientWidth;
    if (!this.heat.cells || !width) {
      return;
    }
    this.columns = Math.min(width > 800 ? 128 : width > 420 ? 64 : 32, this.heat.cells);
    const rows = Math.ceil(this.heat.cells / this.columns);
    const pixels = window.devicePixelRatio || 1;
    this.side = Math.min(width / this.columns, 24);
    this.canvas.style.height = `${rows * this.side}px`;
    this.canvas.width = Math.round(width * pixels);
    this.canvas.height = Math.round(rows * this.side * pixels);
    this.draw();
  }

  /** Colours are those of the style sheet, which change with the scheme. */
  colours() {
    const style = (name) => {
      this.place.style.color = `var(--${name})`;
      const [red, green, blue] = getComputedStyle(this.place).color.match(/[\d.]+/g).map(Number);
      return [red, green, blue];
    };
    const colours = Object.fromEntries(["well", "read", "both", "write", "discard", "card", "ink"].map((name) => [name, style(name)]));
    this.place.style.color = "";
    return colours;
  }

  draw() {
    if (!this.now) {
      return;
    }
    this.palette ??= this.colours();
    const context = this.canvas.getContext("2d");
    const pixels = this.canvas.width / this.canvas.clientWidth || 1;
    context.setTransform(pixels, 0, 0, pixels, 0, 0);
    context.fillStyle = rgb(this.palette.card);
    context.fillRect(0, 0, this.canvas.clientWidth, this.canvas.clientHeight);
    const { reads, writes, discards } = this.now;
    this.peak = Math.max(this.peak * 0.98, 1, ...reads, ...writes, ...discards);
    for (let i = 0; i < this.heat.cells; i++) {
      context.fillStyle = rgb(this.colour(reads[i], writes[i], discards[i]));
      this.fill(context, i, GAP / 2);
    }
    if (this.chosen) {
      context.strokeStyle = rgb(this.palette.ink);
      context.lineWidth = 2;
      context.strokeRect(this.x(this.at), this.y(this.at), this.side, this.side);
    }
  }

  colour(reads, writes, discards) {
    const used = reads + writes + discards;
    if (used === 0) {
      return this.palette.well;
    }
    const { read, both, write, discard, well } = this.palette;
    let hue = discard;
    if (reads + writes > 0) {
      const written = writes / (reads + writes);
      hue = written < 0.5 ? mix(read, both, written * 2) : mix(both, write, written * 2 - 1);
      hue = mix(hue, discard, discards / used);
    }
    return mix(well, hue, Math.min(1, 0.15 + 0.85 * Math.sqrt(used / this.peak)));
  }

  x(cell) {
    return (cell % this.columns) * this.side;
  }

  y(cell) {
    return Math.floor(cell / this.columns) * this.side;
  }

  fill(context, cell, inset) {
    context.fillRect(this.x(cell) + inset, this.y(cell) + inset, this.side - 2 * inset, this.side - 2 * inset);
  }

  onKey(event) {
    const steps = {
      ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.columns, ArrowDown: this.columns,
      PageUp: -this.columns, PageDown: this.columns, Home: -Infinity, End: Infinity,
    };
    if (event.key in steps) {
      event.preventDefault();
      this.go(this.at + steps[event.key]);
    }
  }

  point(event) {
    const column = Math.floor(event.offsetX / this.side);
    const row = Math.floor(event.offsetY / this.side);
    if (column < this.columns) {
      this.go(row * this.columns + column);
    }
  }

  go(cell) {
    this.at = Math.max(0, Math.min(this.heat.cells - 1, cell));
    this.choose(true);
  }

  choose(chosen) {
    this.chosen = chosen || document.activeElement === this.canvas;
    this.draw();
    this.tell();
  }

  tell() {
    const size = this.heat.cellSize;
    const { reads, writes, discards } = this.ever;
    const done = (at) => `${count(reads[at])} reads, ${count(writes[at])} writes, ${count(discards[at])} discards`;
    const here = `${bytes(this.at * size)} to ${bytes((this.at + 1) * size)}: ${done(this.at)}`;
    this.canvas.setAttribute("aria-valuenow", this.at);
    this.canvas.setAttribute("aria-valuetext", here);
    const used = reads.filter((value, i) => value + writes[i] + discards[i] > 0).length;
    this.place.textContent = this.chosen ? here
      : `${Math.round(100 * used / this.heat.cells)}% of the disk used since this page was opened. A square is ${bytes(size)}.`;
  }

  recolour() {
    this.palette = undefined;
    this.draw();
  }

}

function emptyCounts(cells) {
  return Object.fromEntries(["reads", "writes", "discards"].map((kind) => [kind, new Array(cells).fill(0)]));
}

function mix(from, to, part) {
  return from.map((value, i) => value + (to[i] - value) * part);
}

function rgb(colour) {
  return `rgb(${colour.map(Math.round).join(" ")})`;
}
