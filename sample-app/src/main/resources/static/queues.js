import { operationClass } from "./format.js";

// more would be too small to see
const MOST_TAGS = 512;

/** A square per tag of each queue, the stronger the longer it was taken. */
export class QueueTags {

  constructor(panel) {
    this.panel = panel;
    this.shape = "";
  }

  update(queues) {
    const shape = queues.map(({ depth }) => depth).join();
    if (this.shape !== shape) {
      this.shape = shape;
      this.queues = queues.map(build);
      this.panel.replaceChildren(...this.queues.map(({ element }) => element));
    }
    queues.forEach((queue, i) => show(this.queues[i], queue));
  }

}

function build({ queue, depth }) {
  const element = document.createElement("div");
  element.className = "queue";
  const text = document.createElement("p");
  const name = document.createElement("b");
  name.textContent = `Queue ${queue}`;
  const taken = document.createElement("span");
  text.append(name, taken);
  const tags = document.createElement("div");
  tags.className = "tags";
  tags.setAttribute("aria-hidden", "true");
  const squares = Array.from({ length: Math.min(depth, MOST_TAGS) }, () => document.createElement("i"));
  tags.style.setProperty("--columns", depth > 128 ? 32 : 16);
  tags.append(...squares);
  element.append(text, tags);
  return { element, taken, squares };
}

function show({ taken, squares }, queue) {
  const mean = queue.tags.reduce((sum, { share }) => sum + share, 0);
  const hidden = queue.depth > MOST_TAGS ? `, the first ${MOST_TAGS} shown` : "";
  taken.textContent = `${mean.toFixed(mean > 0.05 && mean < 10 ? 1 : 0)} of ${queue.depth} tags taken${hidden}`;
  const shares = new Map(queue.tags.map((tag) => [tag.tag, tag]));
  squares.forEach((square, i) => {
    const tag = shares.get(i);
    square.className = tag ? operationClass(tag.operation) : "";
    if (tag) {
      square.style.setProperty("--share", 0.25 + 0.75 * tag.share);
    }
    else {
      square.removeAttribute("class");
    }
  });
}
