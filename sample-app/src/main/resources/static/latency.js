import { micros, operationClass, operationName } from "./format.js";

const STAGES = ["dispatch", "handler", "handover", "commit"];
const EXPLAINED = {
  dispatch: "waiting for others of the same batch",
  handler: "the code of the disk",
  handover: "an answer of another thread on its way to the queue's",
  commit: "waiting for the rest of the batch",
};

// of the newest value: what changes twice a second cannot be read
const WEIGHT = 0.25;

/** Where the time of requests goes: a row per stage, a column per operation. */
export class LatencyTable {

  constructor(table) {
    this.table = table;
    this.means = new Map();
  }

  update(operations) {
    if (this.columns !== operations.map(({ operation }) => operation).join()) {
      this.build(operations.map(({ operation }) => operation));
    }
    for (const sample of operations.filter(({ requests }) => requests > 0)) {
      const before = this.means.get(sample.operation);
      this.means.set(sample.operation, STAGES.map((stage, i) =>
        before ? before[i] + WEIGHT * (sample[stage] - before[i]) : sample[stage]));
    }
    this.show();
  }

  build(operations) {
    this.columns = operations.join();
    const head = this.table.createTHead();
    head.replaceChildren();
    const titles = head.insertRow();
    titles.append(header("", "col"), ...operations.map((operation) => header(operationName(operation), "col")));
    titles.cells[0].innerHTML = '<span class="unseen">Stage</span>';
    const body = this.table.tBodies[0] ?? this.table.createTBody();
    body.replaceChildren();
    this.rows = [...STAGES, "total"].map((stage) => {
      const row = body.insertRow();
      const title = header(stage, "row");
      title.title = EXPLAINED[stage] ?? "";
      row.className = stage === "total" ? "sum" : "";
      row.append(title);
      return operations.map((operation) => {
        const cell = row.insertCell();
        const value = document.createElement("span");
        const bar = document.createElement("i");
        bar.className = operationClass(operation);
        cell.append(...(stage === "total" ? [value] : [value, bar]));
        return { operation, value, bar };
      });
    });
  }

  show() {
    const largest = Math.max(...[...this.means.values()].flat(), 1);
    this.rows.forEach((cells, stage) => cells.forEach(({ operation, value, bar }) => {
      const means = this.means.get(operation);
      const mean = stage < STAGES.length ? means?.[stage] : means?.reduce((sum, each) => sum + each, 0);
      value.textContent = mean === undefined ? "–" : micros(mean);
      bar.style.width = `${100 * (mean ?? 0) / largest}%`;
      bar.style.visibility = mean > 0 ? "visible" : "hidden";
    }));
  }

}

function header(text, scope) {
  const cell = document.createElement("th");
  cell.scope = scope;
  cell.textContent = text;
  return cell;
}
