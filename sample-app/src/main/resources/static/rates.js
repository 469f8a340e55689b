import { count, operationClass, operationName } from "./format.js";

const POINTS = 120;
const SVG = "http://www.w3.org/2000/svg";

/** Requests per second of the last minute, the operations on top of each other. */
export class RateChart {

  constructor(panel) {
    this.svg = panel.querySelector("svg");
    this.top = panel.querySelector(".top-of-scale");
    this.middle = panel.querySelector(".middle-of-scale");
    this.legend = panel.querySelector("[data-legend]");
    this.series = new Map();
  }

  update(operations) {
    for (const { operation, requests } of operations) {
      const series = this.series.get(operation) ?? this.add(operation);
      series.values.push(requests);
      series.values.shift();
      series.now.textContent = count((requests + series.values[POINTS - 2]) / 2);
    }
    this.draw();
  }

  add(operation) {
    const name = operationClass(operation);
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("class", name);
    this.svg.append(path);
    const item = document.createElement("li");
    const mark = document.createElement("i");
    mark.className = name;
    const now = document.createElement("b");
    item.append(mark, `${operationName(operation)} `, now);
    this.legend.append(item);
    const series = { path, now, values: new Array(POINTS).fill(0) };
    this.series.set(operation, series);
    return series;
  }

  draw() {
    const all = [...this.series.values()];
    const sums = new Array(POINTS).fill(0);
    all.forEach(({ values }) => values.forEach((value, i) => sums[i] += value));
    const scale = niceAbove(Math.max(...sums));
    this.top.textContent = count(scale);
    this.middle.textContent = count(scale / 2);
    const base = new Array(POINTS).fill(0);
    for (const { path, values } of all) {
      const lower = base.map((value, i) => `${i},${y(value, scale)}`);
      values.forEach((value, i) => base[i] += value);
      const upper = base.map((value, i) => `${i},${y(value, scale)}`);
      path.setAttribute("d", `M${upper.join("L")}L${lower.reverse().join("L")}Z`);
    }
  }

}

function y(value, scale) {
  return (100 - 100 * value / scale).toFixed(2);
}

function niceAbove(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return [1, 1.2, 1.6, 2, 3, 4, 6, 8, 10].map((step) => step * power).find((step) => step >= value && step >= 10) ?? 10;
}
