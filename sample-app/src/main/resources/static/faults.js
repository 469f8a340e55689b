import { change } from "./actuator.js";

const NOTHING = [0, "PT0S", false];

/** The faults that a button turns on, by the layer that can do it. */
const BUTTONS = {
  delay: { text: "Delay by 50 ms", on: { read: "50ms", write: "50ms" }, off: { read: "0s", write: "0s" } },
  error: { text: "Fail 10% of requests", on: { rate: "0.1" }, off: { rate: "0" } },
  pause: { text: "Hang", on: { paused: "true" }, off: { paused: "false" } },
  "rate-limit": {
    text: "Limit to 1 MiB/s", on: { "bytes-per-second": "1MB" }, off: { "bytes-per-second": "0" },
  },
};

/** What can be done to the layers of a disk while it is served: a button for each, and a form for all the rest. */
export class FaultPanel {

  constructor(element, name, report) {
    this.element = element;
    this.name = name;
    this.report = report;
    this.buttons = element.querySelector("[data-buttons]");
    this.form = element.querySelector("form");
    this.option = element.querySelector("select");
    this.value = element.querySelector("input");
    this.option.setAttribute("aria-label", `Option of a layer of ${name}`);
    this.value.setAttribute("aria-label", `Value of the option, for ${name}`);
    this.form.querySelector("button").setAttribute("aria-label", `Set the option of ${name}`);
    this.option.addEventListener("change", () => this.showValue());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      const [layer, option] = this.option.value.split("/");
      this.set(layer, { [option]: this.value.value });
    });
  }

  update(layers) {
    this.layers = layers.filter(({ changeable }) => changeable.length > 0);
    this.element.hidden = this.layers.length === 0;
    const shape = JSON.stringify(this.layers.map(({ name, changeable }) => [name, changeable]));
    if (this.shape !== shape) {
      this.shape = shape;
      this.build();
    }
    for (const button of this.buttons.children) {
      const { options } = this.layers.find(({ name }) => name === button.dataset.layer);
      const active = Object.keys(BUTTONS[button.dataset.layer].on).some((option) => !NOTHING.includes(options[option]));
      button.setAttribute("aria-pressed", active);
    }
    if (document.activeElement !== this.value) {
      this.showValue();
    }
  }

  build() {
    this.buttons.replaceChildren(...this.layers.filter(({ name }) => name in BUTTONS).map(({ name }) => {
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.layer = name;
      button.textContent = BUTTONS[name].text;
      button.setAttribute("aria-label", `${BUTTONS[name].text}: ${this.name}`);
      button.addEventListener("click", () => {
        const { on, off } = BUTTONS[name];
        return this.set(name, button.getAttribute("aria-pressed") === "true" ? off : on);
      });
      return button;
    }));
    this.option.replaceChildren(...this.layers.flatMap(({ name, changeable }) => changeable.map((option) => {
      const choice = document.createElement("option");
      choice.value = `${name}/${option}`;
      choice.textContent = `${name}: ${option}`;
      return choice;
    })));
  }

  showValue() {
    const [layer, option] = this.option.value.split("/");
    const value = this.layers.find(({ name }) => name === layer)?.options[option];
    this.value.value = value ?? "";
  }

  async set(layer, options) {
    try {
      for (const [option, value] of Object.entries(options)) {
        const address = ["ublklayers", this.name, layer, option].map(encodeURIComponent).join("/");
        const changed = await change(address, { value });
        this.update(this.layers.map((each) => each.name === layer ? changed : each));
      }
      this.report("");
    }
    catch (error) {
      this.report(`Could not change ${layer} of ${this.name}: ${error.message}`);
    }
  }

}
