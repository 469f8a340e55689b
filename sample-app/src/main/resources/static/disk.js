import { change } from "./actuator.js";
import { FaultPanel } from "./faults.js";
import { byteRate, bytes, count } from "./format.js";
import { HeatMap } from "./heat.js";
import { LatencyTable } from "./latency.js";
import { QueueTags } from "./queues.js";
import { RateChart } from "./rates.js";

/** What is shown of one disk. */
export class DiskCard {

  constructor(name) {
    this.name = name;
    this.element = document.getElementById("disk-template").content.firstElementChild.cloneNode(true);
    const title = this.part("name");
    title.textContent = name;
    title.id = `disk-${name}`;
    this.element.setAttribute("aria-labelledby", title.id);
    this.rates = new RateChart(this.element.querySelector(".rates"));
    this.latency = new LatencyTable(this.part("latency"));
    this.latency.table.setAttribute("aria-label", `Latency of ${name} by stage`);
    this.queues = new QueueTags(this.part("queues"));
    this.heat = new HeatMap(this.element.querySelector(".heat"), name);
    this.part("pause").addEventListener("click", () => this.togglePause());
    this.faults = new FaultPanel(this.part("faults"), name, (text) => this.showError(text));
  }

  part(name) {
    return this.element.querySelector(`[data-${name}]`);
  }

  update(disk) {
    this.disk = disk;
    this.showState();
    this.showTotals();
    this.rates.update(disk.operations);
    this.latency.update(disk.operations);
    this.queues.update(disk.queues);
    this.heat.update(disk.heat);
  }

  showState() {
    const { state, paused, failure, path, size, dataMode } = this.disk;
    const shown = state === "LIVE" && paused ? "paused" : state.toLowerCase();
    const pill = this.part("state");
    set(pill, shown);
    pill.dataset.is = shown;
    set(this.part("facts"), `${path}, ${bytes(size)}, ${dataMode.toLowerCase().replace("_", " ")}`);
    this.part("failure").hidden = !failure;
    set(this.part("failure"), failure ?? "");
    const button = this.part("pause");
    button.hidden = state !== "LIVE";
    set(button, paused ? "Resume" : "Pause");
    button.setAttribute("aria-label", `${paused ? "Resume" : "Pause"} ${this.name}`);
  }

  showTotals() {
    const { operations, queues } = this.disk;
    const sum = (each, of) => each.reduce((total, one) => total + of(one), 0);
    const bytesOf = (operation) => sum(operations.filter((each) => each.operation === operation), (each) => each.bytes);
    const errors = sum(operations, (each) => each.errors);
    this.showTotal("requests", count(sum(operations, (each) => each.requests)), "/s");
    this.showTotal("read", ...byteRate(bytesOf("READ")));
    this.showTotal("written", ...byteRate(bytesOf("WRITE")));
    this.showTotal("inFlight", count(sum(queues, (each) => each.inFlight)), `of ${sum(queues, (each) => each.depth)}`);
    this.showTotal("errors", count(errors), "/s").classList.toggle("bad", errors > 0);
  }

  showTotal(name, value, unit) {
    const element = this.element.querySelector(`[data-total="${name}"]`);
    const small = document.createElement("small");
    small.textContent = unit;
    element.replaceChildren(value, " ", small);
    return element;
  }

  async togglePause() {
    const action = this.disk.paused ? "resume" : "pause";
    const button = this.part("pause");
    if (button.getAttribute("aria-disabled") === "true") {
      return;
    }
    button.setAttribute("aria-disabled", "true");
    try {
      await change(`ublk/${encodeURIComponent(this.name)}`, { action });
      this.showError("");
      this.disk.paused = action === "pause";
      this.showState();
    }
    catch (error) {
      this.showError(`Could not ${action} ${this.name}: ${error.message}`);
    }
    finally {
      button.removeAttribute("aria-disabled");
    }
  }

  showError(text) {
    const element = this.part("error");
    element.replaceChildren();
    if (text) {
      const before = document.activeElement;
      const message = document.createElement("span");
      message.textContent = text;
      const close = document.createElement("button");
      close.type = "button";
      close.textContent = "Close";
      close.addEventListener("click", () => {
        this.showError("");
        before.focus();
      });
      element.append(message, close);
    }
  }

  recolour() {
    this.heat.recolour();
  }

}

// an element whose text is set anew is read aloud anew
function set(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}
